// Fuzzes the code that describes attention to other runtimes (src/wire.h), which comes from a file that
// anybody may have written: a valid code and its tensors with numbers changed at random. It is refused
// with a Failure, or what it describes is computed within the tensors' memory.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "../src/failure.h"
#include "../src/wire.h"
#include "bytes.h"
#include "check.h"
#include "problems.h"

using attention4j::Failure;
using attention4j::ForeignTensor;
using attention4j::WireAttention;

namespace {

int64_t bits_of(double value) {
  int64_t result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

/** Tensors whose memory ends where they end, so that AddressSanitizer sees each step beyond. */
class Operands {
 public:
  ForeignTensor& add(int32_t dtype, std::vector<int64_t> sizes, Bytes& bytes) {
    if (bytes.once_in(12)) sizes.resize(static_cast<size_t>(bytes.between(0, 6)), 2);
    if (!sizes.empty() && bytes.once_in(12)) {
      sizes[static_cast<size_t>(bytes.between(0, static_cast<int64_t>(sizes.size()) - 1))] =
          bytes.between(0, 9);
    }
    ForeignTensor tensor;
    tensor.dtype = bytes.once_in(16) ? static_cast<int32_t>(bytes.between(-1, 6)) : dtype;
    tensor.rank = static_cast<int>(sizes.size());
    std::copy(sizes.begin(), sizes.end(), tensor.sizes);
    make_dense(tensor);
    size_t elements = 1;
    for (int64_t size : sizes) elements *= static_cast<size_t>(size);
    size_t length = elements * (tensor.dtype == A4J_I64 ? 8 : tensor.dtype == A4J_BOOL ? 1 : 4);
    if (tensor.dtype == A4J_I8_ROWS) length += A4J_ROW_SCALE_BYTES;
    memory_.emplace_back(new unsigned char[length]);
    for (size_t n = 0; n < length; n++) memory_.back()[n] = static_cast<unsigned char>(n % 4 == 3 ? 0x3e : 1);
    tensor.data = memory_.back().get();
    if (tensor.rank > 0 && bytes.once_in(12)) tensor.strides[bytes.between(0, tensor.rank - 1)] = 0;
    if (bytes.once_in(40)) tensor.data = nullptr;
    tensors.push_back(tensor);
    return tensors.back();
  }

  std::vector<ForeignTensor> tensors;

 private:
  std::vector<std::unique_ptr<unsigned char[]>> memory_;
};

/** Causal, a window and padding; a bias, slopes, a softcap, dropout; the start in an operand. */
std::vector<int64_t> decode_code(Bytes& bytes, Operands& operands, int64_t batch, int64_t heads,
                                 int64_t queries, int64_t keys) {
  operands.add(A4J_BOOL, {batch, keys}, bytes);
  operands.add(A4J_F32, {heads, queries, keys}, bytes);
  ForeignTensor& start = operands.add(A4J_I64, {}, bytes);
  if (start.rank == 0 && start.dtype == A4J_I64 && start.data != nullptr) {
    int64_t slot = bytes.once_in(4) ? bytes.number() : bytes.between(-3, 9);
    std::memcpy(start.data, &slot, sizeof slot);
  }
  operands.add(A4J_I64, {}, bytes);
  int64_t kind = bytes.between(0, 3);
  std::vector<int64_t> code = {1,
                               static_cast<int64_t>(operands.tensors.size()),
                               bytes.between(0, 1),
                               kind,
                               kind == 0 ? bytes.between(-3, 9) : 5,
                               bytes.once_in(2) ? 4 : -1,
                               6,
                               bits_of(bytes.once_in(3) ? 0.25 : 0),
                               3,
                               bits_of(0.5),
                               bits_of(bytes.once_in(3) ? 20 : 0)};
  int64_t slopes = bytes.once_in(2) ? heads : 0;
  code.push_back(slopes);
  code.insert(code.end(), static_cast<size_t>(slopes), bits_of(0.25));
  for (int64_t entry : {5, 1, 0, 0, 2, 3, 1, 4, 0, 0, 3, 3, 0, 5, 0, 0}) code.push_back(entry);
  for (int64_t changes = bytes.between(0, 4); changes > 0; changes--) {
    size_t at = static_cast<size_t>(bytes.between(0, static_cast<int64_t>(code.size()) - 1));
    if (bytes.once_in(12)) {
      code.resize(at + 1);
    } else if (bytes.once_in(12)) {
      code.push_back(bytes.number());
    } else {
      code[at] = bytes.once_in(3) ? bits_of(bytes.real()) : bytes.number();
    }
  }
  return code;
}

void require_known(int32_t code, const a4j_error& error) {
  check(code >= A4J_OK && code < A4J_INTERNAL,
        std::string("code ") + std::to_string(code) + ": " + error.message);
}

void run(const WireAttention& wire, Operands& operands) {
  static Context context = make_context(A4J_ISA_AUTO, 1);
  Operands results;
  Bytes none(nullptr, 0);
  int64_t sizes[4];
  wire.output_sizes(sizes);
  const a4j_attention& problem = wire.problem();
  a4j_view out = wire.output(results.add(A4J_F32, {sizes[0], sizes[1], sizes[2], sizes[3]}, none));
  a4j_view lse = wire.rows(results.add(A4J_F32, {problem.batch, problem.heads, problem.queries}, none));
  a4j_error error{};
  int32_t code = a4j_attention_forward(context.get(), &problem, &out, &lse, &error);
  require_known(code, error);
  a4j_gradients gradients{};
  gradients.struct_size = sizeof gradients;
  gradients.out = out;
  gradients.lse = lse;
  gradients.grad_out = out;
  auto like = [&](size_t operand) -> ForeignTensor& {
    const ForeignTensor& from = operands.tensors[operand];
    return results.add(A4J_F32, std::vector<int64_t>(from.sizes, from.sizes + from.rank), none);
  };
  gradients.grad_query = wire.query(like(0));
  gradients.grad_key = wire.key(like(1));
  gradients.grad_value = wire.value(like(2));
  if (wire.has_bias()) gradients.grad_bias = wire.bias(like(wire.bias_operand()));
  require_known(a4j_attention_backward(context.get(), &problem, &gradients, &error), error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  int64_t batch = bytes.between(0, 2), key_heads = bytes.between(1, 2),
          heads = key_heads * bytes.between(1, 2);
  int64_t queries = bytes.between(0, 5), keys = bytes.between(0, 9);
  int64_t key_dim = bytes.between(1, 9), value_dim = bytes.between(1, 9);
  Operands operands;
  operands.add(A4J_F32, {batch, heads, queries, key_dim}, bytes);
  operands.add(A4J_F32, {batch, key_heads, keys, key_dim}, bytes);
  operands.add(A4J_F32, {batch, key_heads, keys, value_dim}, bytes);
  std::vector<int64_t> code = decode_code(bytes, operands, batch, heads, queries, keys);
  try {
    WireAttention wire(code.data(), code.size(), operands.tensors.data(), operands.tensors.size());
    run(wire, operands);
  } catch (const Failure&) {
    // refused
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "%s\n", exception.what());
    std::abort();
  }
  return 0;
}
