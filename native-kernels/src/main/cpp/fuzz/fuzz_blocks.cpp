// Fuzzes a4j_block_products on every instruction set. The bytes choose a product and what to do with it:
//   values   compare every result with the naive computation in double
//   odd      NaN, infinity and denormals among the inputs and scales: a run in bounds
//   spoiled  numbers of the call changed at random: an error that writes nothing, or a run in bounds
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "blocks.h"
#include "bytes.h"

namespace {

a4j_context* context_of(int32_t isa, int32_t threads) {
  static std::map<std::pair<int32_t, int32_t>, Context> contexts;
  Context& context = contexts[{isa, threads}];
  if (!context) context = make_context(isa, threads);
  return context.get();
}

Blocks decode(Bytes& bytes) {
  const int64_t rows = bytes.between(0, 20), inputs = bytes.between(0, 600), outputs = bytes.between(0, 80);
  const int64_t block = bytes.pick<int64_t>({32, 64, 128, 256}), bits = bytes.pick<int64_t>({4, 8});
  const bool biased = bytes.once_in(2);
  return Blocks(rows, inputs, outputs, block, bits, biased, static_cast<uint32_t>(bytes.between(0, 65535)));
}

float odd_number(Bytes& bytes) {
  return static_cast<float>(bytes.real());
}

/** What is computed of these is another matter; nothing beyond the buffers is touched. */
void make_odd(Blocks& blocks, Bytes& bytes) {
  for (int64_t n = bytes.between(1, 6); n > 0; n--) {
    const int64_t at = bytes.between(0, 65535);
    if (!blocks.x.empty()) blocks.x[static_cast<size_t>(at) % blocks.x.size()] = odd_number(bytes);
    if (blocks.weights.size() >= sizeof(float) && bytes.once_in(2)) {
      const float scale = odd_number(bytes);
      std::memcpy(&blocks.weights[static_cast<size_t>(at) % (blocks.weights.size() - 3)], &scale,
                  sizeof scale);
    }
  }
}

/** Sizes only shrink where the call cannot know how much memory there is. */
void spoil(a4j_block_product& p, Bytes& bytes) {
  const int64_t number = bytes.number();
  switch (bytes.between(0, 10)) {
    case 0:
      p.struct_size = static_cast<uint64_t>(number);
      return;
    case 1:
      p.rows = std::min(number, p.rows);
      return;
    case 2:
      p.inputs = std::min(number, p.inputs);
      return;
    case 3:
      p.outputs = std::min(number, p.outputs);
      return;
    case 4:
      p.block = number;
      return;
    case 5:
      p.bits = number;
      return;
    case 6:
      p.weight_bytes = std::min(number, p.weight_bytes);
      return;
    case 7:
      p.x = nullptr;
      return;
    case 8:
      p.weights = nullptr;
      return;
    case 9:
      p.bias = nullptr;
      return;
    default:
      p.y = nullptr;
  }
}

void run_spoiled(Blocks& blocks, Bytes& bytes, a4j_context* context) {
  blocks.point();
  for (int64_t n = bytes.between(1, 3); n > 0; n--) spoil(blocks.problem, bytes);
  a4j_error error{};
  const int32_t code = a4j_block_products(context, &blocks.problem, bytes.once_in(8) ? nullptr : &error);
  check(code == A4J_OK || code == A4J_INVALID_ARGUMENT, "code " + std::to_string(code));
  if (code == A4J_OK) return;
  for (float value : blocks.y) check(value == Blocks::kGuard, "a refused call wrote something");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int64_t mode = Bytes(data, size).between(0, 2);
  for (int32_t isa : available_isas()) {
    Bytes bytes(data, size);
    bytes.byte();  // the mode
    const int32_t threads = static_cast<int32_t>(bytes.between(1, 2));
    Blocks blocks = decode(bytes);
    try {
      if (mode == 2) {
        run_spoiled(blocks, bytes, context_of(isa, threads));
        continue;
      }
      if (mode == 1) make_odd(blocks, bytes);
      a4j_error error{};
      check(blocks.run(context_of(isa, threads), error) == A4J_OK, error.message);
      if (mode == 0) blocks.check_all(a4j_isa_name(isa));
      check(blocks.y.back() == Blocks::kGuard, "the guard behind y");
    } catch (const std::exception& exception) {
      std::fprintf(stderr, "mode %d: %s\n", static_cast<int>(mode), exception.what());
      std::abort();
    }
  }
  return 0;
}
