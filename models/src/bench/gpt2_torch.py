"""PyTorch's own inference loop on GPT-2 124M with random weights: the peer of GenerationPeers.

f32, a preallocated cache that each step writes one row into, logits of the last token only. Needs
torch. Reads requests, answers each with tokens a second on a line of its own:

    prefill TOKENS          a prompt into an empty cache
    decode CONTEXT TOKENS   so many tokens one by one, after a prompt of CONTEXT tokens

    python gpt2_torch.py THREADS
"""

import sys
import time

import torch
from torch.nn import functional as F

LAYERS, WIDTH, HEADS, CONTEXT, VOCABULARY = 12, 768, 12, 1024, 50257


class Layer:
    def __init__(self):
        def linear(outputs, inputs):
            return 0.02 * torch.randn(outputs, inputs), torch.zeros(outputs)

        self.qkv, self.out = linear(3 * WIDTH, WIDTH), linear(WIDTH, WIDTH)
        self.up, self.down = linear(4 * WIDTH, WIDTH), linear(WIDTH, 4 * WIDTH)
        self.norms = [(torch.ones(WIDTH), torch.zeros(WIDTH)) for _ in range(2)]
        self.keys = torch.zeros(1, HEADS, CONTEXT, WIDTH // HEADS)
        self.values = torch.zeros_like(self.keys)

    def forward(self, x, past):
        time_ = x.shape[1]
        y = F.linear(F.layer_norm(x, (WIDTH,), *self.norms[0]), *self.qkv)
        q, k, v = y.view(1, time_, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        end = past + time_
        self.keys[:, :, past:end] = k
        self.values[:, :, past:end] = v
        y = F.scaled_dot_product_attention(
            q, self.keys[:, :, :end], self.values[:, :, :end], is_causal=time_ > 1
        )
        x = x + F.linear(y.transpose(1, 2).reshape(1, time_, WIDTH), *self.out)
        y = F.linear(F.layer_norm(x, (WIDTH,), *self.norms[1]), *self.up)
        return x + F.linear(F.gelu(y, approximate="tanh"), *self.down)


class Gpt2:
    def __init__(self):
        self.tokens = 0.02 * torch.randn(VOCABULARY, WIDTH)
        self.positions = 0.02 * torch.randn(CONTEXT, WIDTH)
        self.layers = [Layer() for _ in range(LAYERS)]
        self.norm = torch.ones(WIDTH), torch.zeros(WIDTH)

    def next(self, ids, past):
        x = (self.tokens[ids] + self.positions[past : past + len(ids)])[None]
        for layer in self.layers:
            x = layer.forward(x, past)
        return F.linear(F.layer_norm(x[:, -1:], (WIDTH,), *self.norm), self.tokens)


def prefill(model, tokens):
    ids = torch.arange(tokens)
    start = time.perf_counter()
    model.next(ids, 0)
    return tokens / (time.perf_counter() - start)


def decode(model, context, tokens):
    model.next(torch.arange(context), 0)
    start = time.perf_counter()
    for n in range(tokens):
        model.next(torch.tensor([n]), context + n)
    return tokens / (time.perf_counter() - start)


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    model = Gpt2()
    with torch.inference_mode():
        for line in sys.stdin:
            what, *numbers = line.split()
            measure = {"prefill": prefill, "decode": decode}[what]
            print(measure(model, *map(int, numbers)), flush=True)


if __name__ == "__main__":
    main()
