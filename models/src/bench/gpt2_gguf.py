"""GPT-2 124M with random weights as a GGUF file in f32, for llama.cpp: the peer of GenerationPeers.

Needs gguf and numpy; llama-quantize of llama.cpp makes q8_0 and q4_0 of it.

    python gpt2_gguf.py OUT.gguf
"""

import sys

import gguf
import numpy as np

LAYERS, WIDTH, HEADS, CONTEXT, VOCABULARY = 12, 768, 12, 1024, 50257


def main(path):
    random = np.random.default_rng(1)

    def weight(*shape):
        return (0.02 * random.standard_normal(shape, dtype=np.float32)).astype(np.float32)

    out = gguf.GGUFWriter(path, "gpt2")
    out.add_name("GPT-2 124M, random")
    out.add_block_count(LAYERS)
    out.add_context_length(CONTEXT)
    out.add_embedding_length(WIDTH)
    out.add_feed_forward_length(4 * WIDTH)
    out.add_head_count(HEADS)
    out.add_layer_norm_eps(1e-5)
    out.add_vocab_size(VOCABULARY)
    out.add_tokenizer_model("no_vocab")
    out.add_file_type(gguf.LlamaFileType.ALL_F32)

    def norm(name):
        out.add_tensor(name + ".weight", np.ones(WIDTH, np.float32))
        out.add_tensor(name + ".bias", np.zeros(WIDTH, np.float32))

    def linear(name, outputs, inputs):
        out.add_tensor(name + ".weight", weight(outputs, inputs))
        out.add_tensor(name + ".bias", weight(outputs))

    out.add_tensor("token_embd.weight", weight(VOCABULARY, WIDTH))
    out.add_tensor("position_embd.weight", weight(CONTEXT, WIDTH))
    for n in range(LAYERS):
        layer = f"blk.{n}."
        norm(layer + "attn_norm")
        linear(layer + "attn_qkv", 3 * WIDTH, WIDTH)
        linear(layer + "attn_output", WIDTH, WIDTH)
        norm(layer + "ffn_norm")
        linear(layer + "ffn_up", 4 * WIDTH, WIDTH)
        linear(layer + "ffn_down", WIDTH, 4 * WIDTH)
    norm("output_norm")
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == "__main__":
    main(sys.argv[1])
