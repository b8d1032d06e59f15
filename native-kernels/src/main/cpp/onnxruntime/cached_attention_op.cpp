// Attention over a cache of keys and values that grows by the fresh ones first: past and present may be
// one memory, and then only the fresh rows are written.
//
// Operands: query; fresh key and value; past key and value [batch, key heads, capacity, width]; then those
// that follow the value in the code, which takes the cache for key and value: its first query stands in the
// slot that an operand tells, its layouts are those of the fresh rows. Results: the output, the present
// key and value. In a cache of bf16, queries are rounded as well, so that the kernels may multiply pairs. A
// cache of int8 has rows of A4J_I8_ROWS: its width is that of the fresh rows and four bytes for the scale.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "attention4j/kernels.h"
#include "node.h"
#include "operators.h"
#include "weight_memory.h"

namespace attention4j::onnxruntime {
namespace {

constexpr size_t kPast = 3;   // where the past key stands among the operands
constexpr size_t kCache = 2;  // operands that the code does not count

/** Axes 1 and 2 changed, so that [batch, time, heads, width] becomes [batch, heads, time, width]. */
ForeignTensor turned(ForeignTensor tensor, bool turn) {
  if (turn) {
    std::swap(tensor.sizes[1], tensor.sizes[2]);
    std::swap(tensor.strides[1], tensor.strides[2]);
  }
  return tensor;
}

int64_t element_bytes_of(const ForeignTensor& tensor) {
  return tensor.dtype == A4J_F32 ? 4 : tensor.dtype == A4J_I8_ROWS ? 1 : 2;
}

int64_t elements_of(const ForeignTensor& tensor) {
  int64_t elements = 1;
  for (int axis = 0; axis < tensor.rank; axis++) elements *= tensor.sizes[axis];
  return elements;
}

int64_t bytes_of(const ForeignTensor& tensor) {
  return elements_of(tensor) * element_bytes_of(tensor);
}

a4j_view view_of(const ForeignTensor& tensor, int64_t elements) {
  a4j_view view{};
  view.data = tensor.data;
  view.elements = elements;
  view.dtype = tensor.dtype;
  std::copy_n(tensor.strides, 4, view.strides);
  return view;
}

/** Moves the caches that a node reads into huge pages, each when it first sees it. */
class SeenCaches {
 public:
  void read(const ForeignTensor& cache) {
    // Not the one before alone: decodings of one session may take turns.
    std::atomic<const void*>& place = seen_[reinterpret_cast<uintptr_t>(cache.data) / kPlaceBytes % kPlaces];
    if (place.load(std::memory_order_relaxed) == cache.data) return;
    place.store(cache.data, std::memory_order_relaxed);
    ask_for_huge_pages(cache.data, static_cast<size_t>(bytes_of(cache)));
  }

 private:
  static constexpr size_t kPlaces = 16;
  static constexpr size_t kPlaceBytes = size_t{1} << 18;  // caches of fewer are left where they are
  std::atomic<const void*> seen_[kPlaces] = {};
};

class CachedAttentionNode : public Node {
 public:
  CachedAttentionNode(const OrtApi* table, const OrtKernelInfo* info) : Node(table, info) {
    if (head().start_operand == 0) {
      throw Failure(A4J_INVALID_ARGUMENT, "the code of attention over a cache has no start as an operand");
    }
  }

  void compute(OrtKernelContext* context) const {
    std::vector<ForeignTensor> given = operands(context, kCache);
    for (size_t i = kPast; i < kPast + kCache; i++) {
      if (given[i].dtype == A4J_BOOL) given[i].dtype = A4J_I8_ROWS;  // the operator's type there is int8
    }
    SessionThreads threads(api(), context);
    BorrowedThreads::Scope lent(&threads);
    const int64_t start = WireAttention::start(given[head().start_operand + kCache]);
    seen_[0].read(given[kPast]);
    seen_[1].read(given[kPast + 1]);
    const ForeignTensor key = grown(context, given[1], given[kPast], start, head().key_time_first, 1);
    const ForeignTensor value = grown(context, given[2], given[kPast + 1], start, head().value_time_first, 2);
    std::unique_ptr<uint16_t[]> rounded;
    std::vector<ForeignTensor> whole = {query(given[0], key.dtype, rounded), key, value};
    const int64_t capacity = given[kPast].sizes[2];
    const int64_t slots = key.sizes[head().key_time_first ? 1 : 2];
    for (size_t i = kPast + kCache; i < given.size(); i++) {
      ForeignTensor operand = given[i];
      const int last = operand.rank - 1;
      if (last > 0 && operand.sizes[last] == capacity) operand.sizes[last] = slots;  // masks and biases
      whole.push_back(operand);
    }
    WireAttention wire(code().data(), code().size(), whole.data(), whole.size());
    attend(context, wire, given[0].dtype);
  }

 private:
  /** Writes the fresh rows. Returns the slots in use, with axes in the order of the fresh rows. */
  ForeignTensor grown(OrtKernelContext* context, const ForeignTensor& rows, const ForeignTensor& past,
                      int64_t start, bool time_first, size_t index) const {
    if (rows.rank != 4 || past.rank != 4) {
      throw Failure(A4J_INVALID_ARGUMENT, "fresh rows and a cache have four axes, not " +
                                              std::to_string(rows.rank) + " and " +
                                              std::to_string(past.rank));
    }
    const ForeignTensor fresh = turned(rows, time_first);
    const int64_t scale = past.dtype == A4J_I8_ROWS ? A4J_ROW_SCALE_BYTES : 0;
    if (fresh.sizes[0] != past.sizes[0] || fresh.sizes[1] != past.sizes[1] ||
        fresh.sizes[3] != past.sizes[3] - scale) {
      throw Failure(A4J_INVALID_ARGUMENT,
                    scale == 0
                        ? "fresh rows and their cache differ in batch, heads or width"
                        : "fresh rows and their cache of int8 differ in batch or heads, or its width, " +
                              std::to_string(past.sizes[3]) + ", is not theirs, " +
                              std::to_string(fresh.sizes[3]) + ", and 4 bytes for the scale");
    }
    if (start < 0 || start > past.sizes[2] - fresh.sizes[2]) {
      throw Failure(A4J_INVALID_ARGUMENT, "a cache of " + std::to_string(past.sizes[2]) +
                                              " slots has no place for " + std::to_string(fresh.sizes[2]) +
                                              " rows from slot " + std::to_string(start));
    }
    ForeignTensor present = result(context, index, past.sizes, 4, past.dtype);
    if (present.data != past.data && bytes_of(past) > 0) {
      std::memcpy(present.data, past.data, static_cast<size_t>(bytes_of(past)));
    }
    a4j_view target = view_of(present, elements_of(present));
    target.offset = start * present.strides[2];
    copy(fresh, target);
    present.sizes[2] = start + fresh.sizes[2];
    present.sizes[3] -= scale;
    return turned(present, time_first);
  }

  /** The query, rounded to bf16 if the cache is, into memory that lives as long as `rounded`. */
  ForeignTensor query(const ForeignTensor& given, int32_t cache, std::unique_ptr<uint16_t[]>& rounded) const {
    if (cache != A4J_BF16 || given.dtype == A4J_BF16 || given.rank != 4) return given;
    rounded.reset(new uint16_t[static_cast<size_t>(elements_of(given))]);  // all of it is written
    ForeignTensor query = given;
    query.dtype = A4J_BF16;
    query.data = rounded.get();
    copy(given, view_of(query, elements_of(query)));
    return query;
  }

  void copy(const ForeignTensor& from, const a4j_view& to) const {
    a4j_view source = view_of(from, elements_of(from));
    a4j_error error{};
    int32_t code = a4j_copy(kernels(), &source, &to, from.sizes, &error);
    if (code != A4J_OK) throw Refused{status_of(api(), code, error.message)};
  }

  mutable SeenCaches seen_[2];  // of keys and of values
};

template <int32_t kType, int32_t kCacheType>
constexpr OrtCustomOp make_op() {
  OrtCustomOp op = operator_of<CachedAttentionNode>();
  op.name = [](const OrtCustomOp*) { return "CachedAttention"; };
  op.input_count = [](const OrtCustomOp*) -> size_t { return kPast + kCache + 1; };
  op.input_type = [](const OrtCustomOp*, size_t index) {
    return index < kPast            ? kType
           : index < kPast + kCache ? kCacheType
                                    : static_cast<int32_t>(kAnyType);  // then masks, bias, start
  };
  op.input_characteristic = [](const OrtCustomOp*, size_t index) {
    return static_cast<int32_t>(index < kPast + kCache ? kRequired : kVariadic);
  };
  op.output_count = [](const OrtCustomOp*) -> size_t { return 3; };
  op.output_type = [](const OrtCustomOp*, size_t index) { return index == 0 ? kType : kCacheType; };
  op.output_characteristic = [](const OrtCustomOp*, size_t) { return static_cast<int32_t>(kRequired); };
  return op;
}

const OrtCustomOp kAll[kCachedAttentionOps] = {make_op<kFloat, kFloat>(), make_op<kFloat, kFloat16>(),
                                               make_op<kFloat, kBfloat16>(), make_op<kFloat, kInt8>(),
                                               make_op<kFloat16, kFloat16>()};

}  // namespace

const OrtCustomOp* cached_attention_op(int index) {
  return &kAll[index];
}

}  // namespace attention4j::onnxruntime
