#include "node.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include "attention4j/kernels.h"
#include "operators.h"

namespace attention4j::onnxruntime {
namespace {

int32_t dtype_of(int32_t type) {
  switch (type) {
    case kFloat:
      return A4J_F32;
    case kFloat16:
      return A4J_F16;
    case kBfloat16:
      return A4J_BF16;
    case kBool:
    case kUint8:
    case kInt8:
      return A4J_BOOL;
    case kInt32:
      return A4J_I32;
    case kInt64:
      return A4J_I64;
    default:
      throw Failure(A4J_INVALID_ARGUMENT,
                    "a node takes no operand of ONNX element type " + std::to_string(type));
  }
}

}  // namespace

void require(OrtStatus* status) {
  if (status != nullptr) throw Refused{status};
}

ForeignTensor tensor_of(const Api& api, const OrtValue* value) {
  if (value == nullptr) throw Failure(A4J_INVALID_ARGUMENT, "a node has an operand that is not given");
  OrtTensorTypeAndShapeInfo* made = nullptr;
  require(api.info(value, &made));
  auto release = [&api](OrtTensorTypeAndShapeInfo* info) { api.release(info); };
  std::unique_ptr<OrtTensorTypeAndShapeInfo, decltype(release)> info(made, release);
  ForeignTensor tensor;
  int32_t type = 0;
  size_t rank = 0;
  require(api.element_type(info.get(), &type));
  require(api.rank(info.get(), &rank));
  if (rank > ForeignTensor::kMaxRank) {
    throw Failure(A4J_INVALID_ARGUMENT, "a node has an operand of " + std::to_string(rank) + " axes");
  }
  tensor.dtype = dtype_of(type);
  tensor.rank = static_cast<int>(rank);
  require(api.sizes(info.get(), tensor.sizes, rank));
  make_dense(tensor);
  require(api.data(const_cast<OrtValue*>(value), &tensor.data));  // read only, but the one way to ask
  return tensor;
}

std::vector<int64_t> integers_of(const Api& api, const OrtKernelInfo* info, const char* name) {
  size_t entries = 0;
  require(api.integers(info, name, nullptr, &entries));
  std::vector<int64_t> values(entries);
  if (entries > 0) require(api.integers(info, name, values.data(), &entries));
  return values;
}

OrtStatus* status_of(const Api& api, int32_t code, const char* message) {
  switch (code) {
    case A4J_INVALID_ARGUMENT:
      return api.status(kInvalidArgument, message);
    case A4J_UNSUPPORTED:
      return api.status(kNotImplemented, message);
    case A4J_OUT_OF_MEMORY:
      return api.status(kRuntimeException, message);
    default:
      return api.status(kFail, message);
  }
}

OrtStatus* status_of_exception(const Api& api) noexcept {
  try {
    throw;
  } catch (const Refused& refused) {
    return refused.status;
  } catch (const Failure& failure) {
    return status_of(api, failure.code(), failure.what());
  } catch (const std::bad_alloc&) {
    return status_of(api, A4J_OUT_OF_MEMORY, "attention could not allocate its memory");
  } catch (const std::exception& exception) {
    return status_of(api, A4J_INTERNAL, exception.what());
  } catch (...) {
    return status_of(api, A4J_INTERNAL, "unknown C++ exception");
  }
}

Node::Node(const OrtApi* table, const OrtKernelInfo* info) : api_(table) {
  code_ = integers_of(api_, info, "code");
  head_ = WireAttention::head(code_.data(), code_.size());
  kernels_ = shared_context();
}

std::vector<ForeignTensor> Node::operands(const OrtKernelContext* context, size_t besides) const {
  size_t given = 0;
  require(api_.input_count(context, &given));
  if (given != head_.operands + besides) {
    throw Failure(A4J_INVALID_ARGUMENT, "the attention code is of " + std::to_string(head_.operands) +
                                            " operands, the node has " + std::to_string(given - besides));
  }
  std::vector<ForeignTensor> tensors;
  tensors.reserve(given);
  for (size_t i = 0; i < given; i++) {
    const OrtValue* value = nullptr;
    require(api_.input(context, i, &value));
    tensors.push_back(tensor_of(api_, value));
  }
  return tensors;
}

ForeignTensor Node::result(OrtKernelContext* context, size_t index, const int64_t* sizes, int rank,
                           int32_t dtype) const {
  if (std::any_of(sizes, sizes + rank, [](int64_t size) { return size < 0; })) {
    throw Failure(A4J_INVALID_ARGUMENT, "attention has a negative size");
  }
  OrtValue* value = nullptr;
  require(api_.output(context, index, sizes, static_cast<size_t>(rank), &value));
  ForeignTensor tensor;
  tensor.dtype = dtype;
  tensor.rank = rank;
  std::copy_n(sizes, rank, tensor.sizes);
  make_dense(tensor);
  require(api_.data(value, &tensor.data));
  return tensor;
}

void Node::attend(OrtKernelContext* context, const WireAttention& wire, int32_t dtype) const {
  if (wire.output_type() == A4J_F32 && dtype != A4J_F32) {
    throw Failure(A4J_INVALID_ARGUMENT, "the attention code has an f32 output, the node has not");
  }
  int64_t sizes[4];
  wire.output_sizes(sizes);
  a4j_view output = wire.output(result(context, 0, sizes, 4, dtype));
  a4j_view rows{};
  if (wire.log_sum_exp()) {
    const a4j_attention& problem = wire.problem();
    const int64_t row_sizes[3] = {problem.batch, problem.heads, problem.queries};
    rows = wire.rows(result(context, 1, row_sizes, 3, dtype));
  }
  a4j_error error{};
  int32_t code =
      a4j_attention_forward(kernels_, &wire.problem(), &output, wire.log_sum_exp() ? &rows : nullptr, &error);
  if (code != A4J_OK) throw Refused{status_of(api_, code, error.message)};
}

int SessionThreads::count() const {
  // A session does not tell how many threads it has; with fewer, the last lanes find nothing to do.
  static const int processors = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return processors;
}

void SessionThreads::run(int lanes, void (*lane)(void* data, int lane), void* data) {
  struct Job {
    void (*lane)(void* data, int lane);
    void* data;
  };
  Job job{lane, data};
  OrtStatus* status = api_.parallel_for(
      context_,
      [](void* raw, size_t i) {
        const Job& typed = *static_cast<const Job*>(raw);
        typed.lane(typed.data, static_cast<int>(i));
      },
      static_cast<size_t>(lanes), &job);
  if (status != nullptr) {  // nothing ran
    api_.release(status);
    for (int i = 0; i < lanes; i++) lane(data, i);
  }
}

}  // namespace attention4j::onnxruntime
