#include "wire.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "failure.h"

namespace attention4j {
namespace {

constexpr int64_t kVersion = 1;
constexpr int64_t kLogSumExp = 1;
// Tensors stored [batch, time, heads, width] instead of [batch, heads, time, width].
constexpr int64_t kQueryTimeFirst = 2;
constexpr int64_t kKeyTimeFirst = 4;
constexpr int64_t kValueTimeFirst = 8;
constexpr int64_t kOutputTimeFirst = 16;
constexpr int64_t kFloat32Output = 32;
constexpr int64_t kTimeFirst = kQueryTimeFirst | kKeyTimeFirst | kValueTimeFirst | kOutputTimeFirst;
constexpr size_t kFixedOperands = 3;

enum Start : int64_t { kConstant = 0, kStaticCache = 1, kOperand = 2, kLast = 3 };

[[noreturn]] void invalid(const std::string& message) {
  throw Failure(A4J_INVALID_ARGUMENT, message);
}

std::string text(const ForeignTensor& tensor) {
  std::string sizes = "[";
  for (int axis = 0; axis < tensor.rank; axis++) {
    sizes += (axis > 0 ? ", " : "") + std::to_string(tensor.sizes[axis]);
  }
  return sizes + "]";
}

/** One past the last element that the tensor reaches. */
int64_t extent(const ForeignTensor& tensor) {
  int64_t end = 1;
  for (int axis = 0; axis < tensor.rank; axis++) {
    if (tensor.sizes[axis] == 0) return 0;
    int64_t reach = 0;
    if (tensor.sizes[axis] < 0 || tensor.strides[axis] < 0 ||
        __builtin_mul_overflow(tensor.sizes[axis] - 1, tensor.strides[axis], &reach) ||
        __builtin_add_overflow(end, reach, &end)) {
      invalid("a tensor of sizes " + text(tensor) + " has impossible sizes or strides");
    }
  }
  return end;
}

/** Memory of an empty tensor, which may have no address while an absent view must have none. */
int64_t nothing = 0;

/** Points the view at the tensor's memory. */
void lend(const ForeignTensor& tensor, const char* name, a4j_view& view) {
  view.elements = extent(tensor);
  if (tensor.dtype == A4J_I8_ROWS && view.elements > 0) view.elements += A4J_ROW_SCALE_BYTES;
  if (tensor.data == nullptr && view.elements > 0) {
    invalid(std::string(name) + " of sizes " + text(tensor) + " has no memory");
  }
  view.data = tensor.data != nullptr ? tensor.data : &nothing;
  view.dtype = tensor.dtype;
}

/** A view with up to four axes, the missing leading ones as broadcast axes of size 1. */
a4j_view lifted(const ForeignTensor& tensor, int64_t (&dims)[4], const char* name) {
  if (tensor.rank > 4) invalid(std::string(name) + " has more than 4 axes: " + text(tensor));
  a4j_view view{};
  lend(tensor, name, view);
  for (int axis = 0; axis < 4; axis++) {
    int from = axis - (4 - tensor.rank);
    dims[axis] = from < 0 ? 1 : tensor.sizes[from];
    view.strides[axis] = from < 0 ? 0 : tensor.strides[from];
  }
  return view;
}

int64_t scalar(const ForeignTensor& tensor, const char* name) {
  if (tensor.dtype != A4J_I64 || extent(tensor) != 1 || tensor.data == nullptr) {
    invalid(std::string("the ") + name + " is an i64 scalar, got sizes " + text(tensor));
  }
  int64_t value;
  std::memcpy(&value, tensor.data, sizeof value);
  return value;
}

}  // namespace

void make_dense(ForeignTensor& tensor) {
  int64_t stride = 1;
  for (int axis = tensor.rank - 1; axis >= 0; axis--) {
    tensor.strides[axis] = stride;
    if (__builtin_mul_overflow(stride, std::max<int64_t>(tensor.sizes[axis], 1), &stride)) {
      invalid("a tensor of sizes " + text(tensor) + " has more elements than 63 bits count");
    }
  }
}

class WireAttention::Reader {
 public:
  Reader(const int64_t* code, size_t entries) : code_(code), entries_(entries) {
    int64_t version = next();
    if (version != kVersion) {
      invalid("the attention code has version " + std::to_string(version) + ", not " +
              std::to_string(kVersion));
    }
    int64_t count = next();
    if (count < static_cast<int64_t>(kFixedOperands)) {
      invalid("the attention code tells of " + std::to_string(count) + " operands");
    }
    operands = static_cast<size_t>(count);
  }

  int64_t next() {
    if (at_ >= entries_) invalid("the attention code is too short");
    return code_[at_++];
  }

  double real() {
    int64_t bits = next();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

  /** How many entries follow, at `each` for one. */
  size_t count(size_t each, const char* what) {
    int64_t value = next();
    if (value < 0 || static_cast<uint64_t>(value) > (entries_ - at_) / each) {
      invalid(std::string("the attention code tells of ") + std::to_string(value) + " " + what);
    }
    return static_cast<size_t>(value);
  }

  /** An operand behind query, key and value. */
  size_t extra(int64_t index, const char* name) const {
    if (index < static_cast<int64_t>(kFixedOperands) || static_cast<uint64_t>(index) >= operands) {
      invalid(std::string("the attention code has its ") + name + " in operand " + std::to_string(index) +
              " of " + std::to_string(operands));
    }
    return static_cast<size_t>(index);
  }

  void expect_end() const {
    if (at_ != entries_) invalid("the attention code is too long");
  }

  size_t operands = 0;

 private:
  const int64_t* code_;
  size_t entries_;
  size_t at_ = 0;
};

WireHead WireAttention::head(const int64_t* code, size_t entries) {
  Reader reader(code, entries);
  WireHead head;
  head.operands = reader.operands;
  const int64_t flags = reader.next();
  head.key_time_first = (flags & kKeyTimeFirst) != 0;
  head.value_time_first = (flags & kValueTimeFirst) != 0;
  const int64_t kind = reader.next();
  const int64_t operand = reader.next();
  if (kind == kStaticCache) head.start_operand = reader.extra(operand, "start");
  return head;
}

int64_t WireAttention::start(const ForeignTensor& operand) {
  return scalar(operand, "start");
}

WireAttention::WireAttention(const int64_t* code, size_t entries, const ForeignTensor* operands,
                             size_t count) {
  Reader reader(code, entries);
  if (reader.operands != count) {
    invalid("the attention code is of " + std::to_string(reader.operands) + " operands, got " +
            std::to_string(count));
  }
  flags_ = reader.next();
  if ((flags_ & ~(kLogSumExp | kTimeFirst | kFloat32Output)) != 0)
    invalid("the attention code has unknown flags");
  log_sum_exp_ = (flags_ & kLogSumExp) != 0;
  for (size_t i = 0; i < kFixedOperands; i++) {
    if (operands[i].rank != 4) {
      invalid("query, key and value have four axes, operand " + std::to_string(i) + " is " +
              text(operands[i]));
    }
  }
  const int query_time = (flags_ & kQueryTimeFirst) != 0 ? 1 : 2;
  const int key_time = (flags_ & kKeyTimeFirst) != 0 ? 1 : 2;
  problem_.struct_size = sizeof problem_;
  problem_.batch = operands[0].sizes[0];
  problem_.heads = operands[0].sizes[3 - query_time];
  problem_.queries = operands[0].sizes[query_time];
  problem_.key_dim = operands[0].sizes[3];
  problem_.key_heads = operands[1].sizes[3 - key_time];
  problem_.keys = operands[1].sizes[key_time];
  problem_.value_dim = operands[2].sizes[3];
  problem_.query = query(operands[0]);
  problem_.key = key(operands[1]);
  problem_.value = value(operands[2]);

  int64_t kind = reader.next();
  int64_t start = reader.next();
  int64_t end = INT64_MAX;
  if (kind == kStaticCache || kind == kOperand) {
    start = WireAttention::start(operands[reader.extra(start, "start")]);
    if (kind == kStaticCache && __builtin_add_overflow(start, problem_.queries, &end)) {
      invalid("the start slot is " + std::to_string(start));
    }
  } else if (kind == kLast) {
    start = problem_.keys - problem_.queries;
  } else if (kind != kConstant) {
    invalid("the attention code has the unknown start " + std::to_string(kind));
  }
  problem_.query_start = start;

  int64_t bias_operand = reader.next();
  int64_t seed_operand = reader.next();
  problem_.dropout = reader.real();
  problem_.dropout_site = reader.next();
  if (problem_.dropout != 0) {
    problem_.dropout_seed = scalar(operands[reader.extra(seed_operand, "seed")], "dropout seed");
  }
  problem_.scale = reader.real();
  problem_.softcap = reader.real();
  if (bias_operand >= 0) {
    bias_operand_ = reader.extra(bias_operand, "bias");
    problem_.bias = lifted(operands[bias_operand_], problem_.bias_dims, "the bias");
  }
  slopes_.resize(reader.count(1, "slopes"));
  for (float& slope : slopes_) slope = static_cast<float>(reader.real());
  if (!slopes_.empty()) {
    problem_.slopes.data = slopes_.data();
    problem_.slopes.elements = static_cast<int64_t>(slopes_.size());
    problem_.slopes.strides[1] = 1;
  }
  read_mask(reader, operands, end);
  reader.expect_end();
}

void WireAttention::read_mask(Reader& reader, const ForeignTensor* operands, int64_t end) {
  mask_.resize(reader.count(3, "mask nodes"));
  for (a4j_mask_node& node : mask_) {
    int64_t op = reader.next();  // numbered as in a4j_mask_op, up to OR
    node.left = reader.next();
    node.right = reader.next();
    if (op < A4J_MASK_ALL || op > A4J_MASK_OR)
      invalid("the attention code has the unknown mask node " + std::to_string(op));
    node.op = static_cast<int32_t>(op);
    if (op != A4J_MASK_TENSOR) continue;
    ForeignTensor tensor = operands[reader.extra(node.left, "mask")];
    if (tensor.rank == 2) {  // [batch, keys] -> [batch, 1, 1, keys]
      tensor = ForeignTensor{tensor.data,
                             tensor.dtype,
                             4,
                             {tensor.sizes[0], 1, 1, tensor.sizes[1]},
                             {tensor.strides[0], 0, 0, tensor.strides[1]}};
    }
    node.tensor = lifted(tensor, node.dims, "the mask");
  }
  if (end < problem_.keys) {  // beyond the last query a static cache is empty
    a4j_mask_node range{};
    range.op = A4J_MASK_RANGE;
    range.right = end;
    mask_.push_back(range);
    if (mask_.size() > 1) {
      a4j_mask_node both{};
      both.op = A4J_MASK_AND;
      mask_.push_back(both);
    }
  }
  problem_.mask = mask_.data();
  problem_.mask_nodes = static_cast<int64_t>(mask_.size());
}

int32_t WireAttention::output_type() const {
  return (flags_ & kFloat32Output) != 0 ? A4J_F32 : problem_.query.dtype;
}

void WireAttention::output_sizes(int64_t (&sizes)[4]) const {
  sizes[0] = problem_.batch;
  const int time = (flags_ & kOutputTimeFirst) != 0 ? 1 : 2;
  sizes[3 - time] = problem_.heads;
  sizes[time] = problem_.queries;
  sizes[3] = problem_.value_dim;
}

a4j_view WireAttention::sequence(const ForeignTensor& tensor, const char* name, int64_t heads, int64_t time,
                                 int64_t width, int64_t time_first) const {
  int64_t dims[4];
  a4j_view view = lifted(tensor, dims, name);
  if ((flags_ & time_first) != 0) {  // [batch, time, heads, width] -> [batch, heads, time, width]
    std::swap(dims[1], dims[2]);
    std::swap(view.strides[1], view.strides[2]);
  }
  if (dims[0] != problem_.batch || dims[1] != heads || dims[2] != time || dims[3] != width) {
    invalid(std::string(name) + " is " + text(tensor) + ", which does not fit batch " +
            std::to_string(problem_.batch) + ", heads " + std::to_string(heads) + ", time " +
            std::to_string(time) + ", head_dim " + std::to_string(width));
  }
  return view;
}

a4j_view WireAttention::output(const ForeignTensor& tensor) const {
  return sequence(tensor, "the output", problem_.heads, problem_.queries, problem_.value_dim,
                  kOutputTimeFirst);
}

a4j_view WireAttention::query(const ForeignTensor& tensor) const {
  return sequence(tensor, "the query", problem_.heads, problem_.queries, problem_.key_dim, kQueryTimeFirst);
}

a4j_view WireAttention::key(const ForeignTensor& tensor) const {
  return sequence(tensor, "the key", problem_.key_heads, problem_.keys, problem_.key_dim, kKeyTimeFirst);
}

a4j_view WireAttention::value(const ForeignTensor& tensor) const {
  return sequence(tensor, "the value", problem_.key_heads, problem_.keys, problem_.value_dim,
                  kValueTimeFirst);
}

a4j_view WireAttention::rows(const ForeignTensor& tensor) const {
  if (tensor.rank != 3 || tensor.sizes[0] != problem_.batch || tensor.sizes[1] != problem_.heads ||
      tensor.sizes[2] != problem_.queries) {
    invalid("the log-sum-exp is " + text(tensor) + ", not [batch, heads, queries]");
  }
  a4j_view view{};
  lend(tensor, "the log-sum-exp", view);
  for (int axis = 0; axis < 3; axis++) view.strides[axis] = tensor.strides[axis];
  return view;
}

a4j_view WireAttention::bias(const ForeignTensor& tensor) const {
  int64_t dims[4];
  a4j_view view = lifted(tensor, dims, "the bias");
  if (!std::equal(dims, dims + 4, problem_.bias_dims)) {
    invalid("the gradient of the bias is " + text(tensor));
  }
  return view;
}

}  // namespace attention4j
