"""PyTorch's own eager training loop on a character GPT: the peer of the engine-djl benchmark.

nanoGPT's CPU setting by default: 4 layers, 4 heads, width 128, context 64, batch 12, no dropout,
AdamW (betas 0.9, 0.99; decay 0.1 for matrices only), gradients clipped to norm 1. Needs torch and
numpy; prints one line of JSON: milliseconds per iteration and losses.

    python nanogpt_torch.py [--layers 4 --heads 4 --width 128 --context 64 --batch 12]
                            [--weights FILE --batches FILE]
"""

import argparse
import json
import math
import resource
import struct
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        b, t, w = x.shape
        q, k, v = self.qkv(x).split(w, dim=2)
        q, k, v = (y.view(b, t, self.heads, w // self.heads).transpose(1, 2) for y in (q, k, v))
        p = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True)
        y = self.out(y.transpose(1, 2).contiguous().view(b, t, w))
        return F.dropout(y, self.dropout, self.training)


class Block(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, dropout)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = dropout

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        y = self.down(F.gelu(self.up(self.ln2(x))))
        return x + F.dropout(y, self.dropout, self.training)


class Gpt(nn.Module):
    def __init__(self, vocab, context, width, heads, layers, dropout):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocab, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm, self.dropout = nn.LayerNorm(width), dropout
        self.apply(self.initialise)
        for name, p in self.named_parameters():
            if name.endswith(("out.weight", "down.weight")):
                nn.init.normal_(p, 0.0, 0.02 / math.sqrt(2 * layers))

    @staticmethod
    def initialise(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        x = F.dropout(x, self.dropout, self.training)
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.norm(x), self.tokens.weight)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))


NAMES = {"wte": "tokens", "wpe": "positions", "ln_f": "norm", "ln_1": "ln1", "ln_2": "ln2", "h": "blocks"}


def load(model, path):
    """Weights from a safetensors file with TinyGpt's names."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    state = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], dtype=np.float32).reshape(entry["shape"])
        state[".".join(NAMES.get(part, part) for part in name.split("."))] = torch.tensor(values)
    model.load_state_dict(state)


def peak_mebibytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    for name, default in dict(layers=4, heads=4, width=128, context=64, batch=12).items():
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--vocab", type=int, default=65)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--weights", help="safetensors file to start from")
    parser.add_argument("--batches", help="file of i64 [iterations, 2, batch, context]: ids, targets")
    a = parser.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    model = Gpt(a.vocab, a.context, a.width, a.heads, a.layers, a.dropout)
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
    if a.weights:
        load(model, a.weights)
    given = None
    if a.batches:
        given = torch.from_numpy(np.fromfile(a.batches, dtype=np.int64))
        given = given.view(-1, 2, a.batch, a.context)
    times, losses = [], []
    for i in range(a.warmup + a.iterations):
        ids = torch.randint(a.vocab, (a.batch, a.context + 1))
        x, y = ids[:, :-1].contiguous(), ids[:, 1:].contiguous()
        if given is not None:
            x, y = given[i]
        start = time.perf_counter()
        loss = model(x, y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if i >= a.warmup:
            times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    print(
        json.dumps(
            {
                "peer": "PyTorch " + torch.__version__ + " eager",
                "threads": torch.get_num_threads(),
                "median_ms": round(times[len(times) // 2], 3),
                "best_ms": round(times[0], 3),
                "first_loss": losses[0],
                "last_loss": losses[-1],
                "peak_mib": round(peak_mebibytes()),
            }
        )
    )


if __name__ == "__main__":
    main()
