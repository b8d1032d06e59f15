// The wire format of attention: reads what AttentionCode.java writes, and refuses everything else.
#include <cstring>
#include <limits>
#include <vector>

#include "../src/failure.h"
#include "../src/wire.h"
#include "buffers.h"
#include "check.h"
#include "problems.h"

using attention4j::Failure;
using attention4j::ForeignTensor;
using attention4j::WireAttention;

namespace {

using Code = std::vector<int64_t>;

int64_t bits(double value) {
  int64_t result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

ForeignTensor tensor(void* data, int32_t dtype, const std::vector<int64_t>& sizes) {
  ForeignTensor result;
  result.data = data;
  result.dtype = dtype;
  result.rank = static_cast<int>(sizes.size());
  std::copy(sizes.begin(), sizes.end(), result.sizes);
  make_dense(result);
  return result;
}

/** Memory of one call: 2 heads, 1 key head, 3 queries, 5 keys, width 4. */
struct Memory {
  Memory() {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (std::vector<float>* values : {&query, &key, &value, &bias}) {
      for (float& x : *values) x = uniform(random);
    }
  }

  std::vector<ForeignTensor> operands() {
    return {tensor(query.data(), A4J_F32, {1, 2, 3, 4}), tensor(key.data(), A4J_F32, {1, 1, 5, 4}),
            tensor(value.data(), A4J_F32, {1, 1, 5, 4}), tensor(padding, A4J_BOOL, {1, 5}),
            tensor(bias.data(), A4J_F32, {2, 3, 5}),     tensor(&start, A4J_I64, {})};
  }

  std::vector<float> query = std::vector<float>(24), key = std::vector<float>(20),
                     value = std::vector<float>(20), bias = std::vector<float>(30);
  unsigned char padding[5] = {1, 1, 0, 1, 1};
  int64_t start = 1;
  std::vector<float> out = std::vector<float>(24);
};

/** Causal and padding, a bias, two slopes, a softcap; the start in operand 5 as a static cache. */
Code full_code() {
  return {1,         6,          0, 1, 5, 4, -1, bits(0), 0, bits(0.5), bits(20), 2,
          bits(0.5), bits(0.25), 3, 1, 0, 0, 3,  3,       0, 4,         0,        0};
}

void run(const a4j_attention& problem, a4j_view out) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  a4j_error error{};
  int32_t code = a4j_attention_forward(context.get(), &problem, &out, nullptr, &error);
  check(code == A4J_OK, error.message);
}

TEST(wire, a_code_is_the_problem_that_it_describes) {
  Memory memory;
  std::vector<ForeignTensor> operands = memory.operands();
  Code code = full_code();
  check(WireAttention::head(code.data(), code.size()).operands == 6, "operands");
  WireAttention wire(code.data(), code.size(), operands.data(), operands.size());
  run(wire.problem(), wire.output(tensor(memory.out.data(), A4J_F32, {1, 2, 3, 4})));

  a4j_attention expected = wire.problem();  // sizes and views; everything else anew
  float slopes[2] = {0.5F, 0.25F};
  check(expected.batch == 1 && expected.heads == 2 && expected.key_heads == 1, "heads");
  check(expected.queries == 3 && expected.keys == 5 && expected.query_start == 1, "time");
  expected.scale = 0.5;
  expected.softcap = 20;
  expected.slopes.data = slopes;
  a4j_mask_node nodes[5] = {};
  nodes[0].op = A4J_MASK_CAUSAL;
  nodes[1].op = A4J_MASK_TENSOR;
  nodes[1].tensor.data = memory.padding;
  nodes[1].tensor.dtype = A4J_BOOL;
  nodes[1].tensor.elements = 5;
  nodes[1].tensor.strides[3] = 1;
  int64_t dims[4] = {1, 1, 1, 5};
  std::copy(dims, dims + 4, nodes[1].dims);
  nodes[2].op = A4J_MASK_AND;
  nodes[3].op = A4J_MASK_RANGE;
  nodes[3].right = 4;
  nodes[4].op = A4J_MASK_AND;
  expected.mask = nodes;
  expected.mask_nodes = 5;
  std::vector<float> out(24);
  run(expected, wire.output(tensor(out.data(), A4J_F32, {1, 2, 3, 4})));
  check(out == memory.out, "the two problems differ");
}

TEST(wire, time_before_heads_is_the_same_problem) {
  Memory memory;
  std::vector<ForeignTensor> operands = memory.operands();
  Code code = full_code();
  WireAttention wire(code.data(), code.size(), operands.data(), operands.size());
  run(wire.problem(), wire.output(tensor(memory.out.data(), A4J_F32, {1, 2, 3, 4})));

  Memory other;
  for (size_t head = 0; head < 2; head++) {
    for (size_t time = 0; time < 3; time++) {
      std::copy_n(&memory.query[(head * 3 + time) * 4], 4, &other.query[(time * 2 + head) * 4]);
    }
  }
  operands = other.operands();
  operands[0] = tensor(other.query.data(), A4J_F32, {1, 3, 2, 4});
  operands[1] = tensor(other.key.data(), A4J_F32, {1, 5, 1, 4});
  operands[2] = tensor(other.value.data(), A4J_F32, {1, 5, 1, 4});
  code[2] = 2 | 4 | 8 | 16;
  WireAttention turned(code.data(), code.size(), operands.data(), operands.size());
  int64_t sizes[4];
  turned.output_sizes(sizes);
  check(sizes[1] == 3 && sizes[2] == 2, "the output has time first");
  run(turned.problem(), turned.output(tensor(other.out.data(), A4J_F32, {1, 3, 2, 4})));
  for (size_t head = 0; head < 2; head++) {
    for (size_t time = 0; time < 3; time++) {
      for (size_t d = 0; d < 4; d++) {
        check(memory.out[(head * 3 + time) * 4 + d] == other.out[(time * 2 + head) * 4 + d], "values");
      }
    }
  }
}

TEST(wire, the_output_has_the_type_of_the_query_or_is_f32) {
  Memory memory;
  std::vector<ForeignTensor> operands = memory.operands();
  for (ForeignTensor& operand : operands) {
    if (operand.dtype == A4J_F32) operand.dtype = A4J_BF16;  // half of the memory
  }
  Code code = full_code();
  WireAttention same(code.data(), code.size(), operands.data(), operands.size());
  check(same.output_type() == A4J_BF16, "the query's");
  code[2] = 32;
  WireAttention wide(code.data(), code.size(), operands.data(), operands.size());
  check(wide.output_type() == A4J_F32, "f32");
}

TEST(wire, dropout_takes_its_seed_from_an_operand) {
  Memory memory;
  std::vector<ForeignTensor> operands = memory.operands();
  Code code = full_code();
  code[6] = 5;
  code[7] = bits(0.25);
  code[8] = 11;
  WireAttention wire(code.data(), code.size(), operands.data(), operands.size());
  check(wire.problem().dropout == 0.25 && wire.problem().dropout_seed == 1, "probability and seed");
  check(wire.problem().dropout_site == 11, "site");
}

TEST(wire, the_last_query_can_stand_in_the_last_slot) {
  Memory memory;
  std::vector<ForeignTensor> operands = memory.operands();
  Code code = full_code();
  code[3] = 3;
  code[4] = 0;
  WireAttention wire(code.data(), code.size(), operands.data(), operands.size());
  check(wire.problem().query_start == 2 && wire.problem().mask_nodes == 3, "keys - queries, nothing hidden");
}

TEST(wire, each_tensor_says_for_itself_whether_time_comes_first) {
  Memory memory;
  std::vector<ForeignTensor> operands = memory.operands();
  Code code = full_code();
  code[2] = 2;
  operands[0] = tensor(memory.query.data(), A4J_F32, {1, 3, 2, 4});
  WireAttention query(code.data(), code.size(), operands.data(), operands.size());
  int64_t sizes[4];
  query.output_sizes(sizes);
  check(sizes[1] == 2 && sizes[2] == 3 && query.problem().heads == 2, "only the query is turned");
  code[2] = 16;
  operands = memory.operands();
  WireAttention output(code.data(), code.size(), operands.data(), operands.size());
  output.output_sizes(sizes);
  check(sizes[1] == 3 && sizes[2] == 2 && output.problem().heads == 2, "only the output is turned");
}

bool refused(const Code& code, std::vector<ForeignTensor> operands) {
  try {
    WireAttention wire(code.data(), code.size(), operands.data(), operands.size());
    std::vector<float> out(24);
    Context context = make_context(A4J_ISA_AUTO, 1);
    a4j_error error{};
    a4j_view view = wire.output(tensor(out.data(), A4J_F32, {1, 2, 3, 4}));
    return a4j_attention_forward(context.get(), &wire.problem(), &view, nullptr, &error) != A4J_OK;
  } catch (const Failure&) {
    return true;
  }
}

TEST(wire, a_code_of_any_other_length_is_refused) {
  Memory memory;
  Code code = full_code();
  check(!refused(code, memory.operands()), "the right code is taken");
  for (size_t length = 0; length < code.size(); length++) {
    check(refused(Code(code.begin(), code.begin() + static_cast<int64_t>(length)), memory.operands()),
          "length " + std::to_string(length));
  }
  code.push_back(0);
  check(refused(code, memory.operands()), "too long");
}

TEST(wire, hostile_numbers_are_refused_or_harmless) {
  Memory memory;
  const int64_t hostile[] = {-1,
                             0,
                             1,
                             2,
                             3,
                             6,
                             7,
                             64,
                             1 << 20,
                             int64_t{1} << 40,
                             bits(1e300),
                             bits(std::numeric_limits<double>::quiet_NaN()),
                             std::numeric_limits<int64_t>::min(),
                             std::numeric_limits<int64_t>::max()};
  int errors = 0;
  for (size_t at = 0; at < full_code().size(); at++) {
    for (int64_t number : hostile) {
      Code code = full_code();
      code[at] = number;
      errors += refused(code, memory.operands()) ? 1 : 0;  // the sanitizers watch the others
    }
  }
  check(errors > 100, "only " + std::to_string(errors) + " refused");
}

TEST(wire, an_operand_without_memory_is_refused_unless_it_is_empty) {
  Memory memory;
  Code code = full_code();
  for (size_t operand = 0; operand < 6; operand++) {
    std::vector<ForeignTensor> operands = memory.operands();
    operands[operand].data = nullptr;
    check(refused(code, operands), "operand " + std::to_string(operand));
  }
  std::vector<ForeignTensor> empty = memory.operands();
  for (ForeignTensor& operand : empty) {
    if (operand.rank == 0) continue;  // the start
    operand =
        tensor(nullptr, operand.dtype, std::vector<int64_t>(operand.sizes, operand.sizes + operand.rank));
    operand.sizes[0] = 0;
  }
  code[5] = -1;  // without the bias, whose first axis is the heads
  WireAttention wire(code.data(), code.size(), empty.data(), empty.size());
  check(wire.problem().batch == 0, "a batch of nothing");
}

TEST(wire, operands_that_do_not_fit_are_refused) {
  Memory memory;
  Code code = full_code();
  std::vector<ForeignTensor> operands = memory.operands();
  operands.pop_back();
  check(refused(code, operands), "one too few");
  operands = memory.operands();
  operands[0].rank = 3;
  check(refused(code, operands), "a query of three axes");
  operands = memory.operands();
  operands[2].sizes[2] = 4;
  check(refused(code, operands), "fewer values than keys");
  operands = memory.operands();
  operands[5].dtype = A4J_I32;
  check(refused(code, operands), "a start that is not i64");
  operands = memory.operands();
  operands[3].sizes[1] = 4;
  check(refused(code, operands), "a mask of other keys");
  operands = memory.operands();
  operands[4].strides[0] = std::numeric_limits<int64_t>::max();
  check(refused(code, operands), "strides that overflow");
}

}  // namespace
