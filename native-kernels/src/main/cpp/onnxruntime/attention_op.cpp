#include "attention_op.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "attention4j/kernels.h"
#include "failure.h"
#include "thread_pool.h"
#include "wire.h"

namespace attention4j::onnxruntime {
namespace {

/** A status of the runtime's on its way to the runtime. */
struct Refused {
  OrtStatus* status;
};

void require(OrtStatus* status) {
  if (status != nullptr) throw Refused{status};
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

/** Runs the body; whatever it throws becomes a status. */
template <class Body>
OrtStatus* guarded(const Api& api, Body body) noexcept {
  try {
    body();
    return nullptr;
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
                    "attention takes no operand of ONNX element type " + std::to_string(type));
  }
}

ForeignTensor tensor_of(const Api& api, const OrtValue* value) {
  if (value == nullptr) throw Failure(A4J_INVALID_ARGUMENT, "attention has an operand that is not given");
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
    throw Failure(A4J_INVALID_ARGUMENT, "attention has an operand of " + std::to_string(rank) + " axes");
  }
  tensor.dtype = dtype_of(type);
  tensor.rank = static_cast<int>(rank);
  require(api.sizes(info.get(), tensor.sizes, rank));
  make_dense(tensor);
  require(api.data(const_cast<OrtValue*>(value), &tensor.data));  // read only, but the one way to ask
  return tensor;
}

/** The session's threads lent to the kernel, so that no others compete with them. */
class SessionThreads final : public BorrowedThreads {
 public:
  SessionThreads(const Api& api, const OrtKernelContext* context) : api_(api), context_(context) {}

  int count() const override {
    // A session does not tell how many threads it has; with fewer, the last lanes find nothing to do.
    static const int processors = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    return processors;
  }

  void run(int lanes, void (*lane)(void* data, int lane), void* data) override {
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

 private:
  const Api& api_;
  const OrtKernelContext* context_;
};

/** One node of a graph. */
class AttentionKernel {
 public:
  AttentionKernel(const OrtApi* table, const OrtKernelInfo* info) : api_(table) {
    size_t entries = 0;
    require(api_.integers(info, "code", nullptr, &entries));
    code_.resize(entries);
    if (entries > 0) require(api_.integers(info, "code", code_.data(), &entries));
    operands_ = WireAttention::operands(code_.data(), code_.size());
    context_ = shared_context();
  }

  const Api& api() const { return api_; }

  void compute(OrtKernelContext* context) const {
    size_t given = 0;
    size_t wanted = 0;
    require(api_.input_count(context, &given));
    require(api_.output_count(context, &wanted));
    if (given != operands_) {
      throw Failure(A4J_INVALID_ARGUMENT, "the attention code is of " + std::to_string(operands_) +
                                              " operands, the node has " + std::to_string(given));
    }
    std::vector<ForeignTensor> operands;
    operands.reserve(given);
    for (size_t i = 0; i < given; i++) {
      const OrtValue* value = nullptr;
      require(api_.input(context, i, &value));
      operands.push_back(tensor_of(api_, value));
    }
    WireAttention wire(code_.data(), code_.size(), operands.data(), operands.size());
    if (wanted != (wire.log_sum_exp() ? 2U : 1U)) {
      throw Failure(A4J_INVALID_ARGUMENT, "the attention code has " +
                                              std::string(wire.log_sum_exp() ? "two results" : "one result") +
                                              ", the node " + std::to_string(wanted));
    }
    int64_t sizes[4];
    wire.output_sizes(sizes);
    a4j_view output = wire.output(result(context, 0, sizes, 4, operands[0].dtype));
    a4j_view rows{};
    if (wire.log_sum_exp()) {
      const a4j_attention& problem = wire.problem();
      const int64_t row_sizes[3] = {problem.batch, problem.heads, problem.queries};
      rows = wire.rows(result(context, 1, row_sizes, 3, operands[0].dtype));
    }
    SessionThreads threads(api_, context);
    BorrowedThreads::Scope lent(&threads);
    a4j_error error{};
    int32_t code = a4j_attention_forward(context_, &wire.problem(), &output,
                                         wire.log_sum_exp() ? &rows : nullptr, &error);
    if (code != A4J_OK) throw Refused{status_of(api_, code, error.message)};
  }

 private:
  ForeignTensor result(OrtKernelContext* context, size_t index, const int64_t* sizes, size_t rank,
                       int32_t dtype) const {
    for (size_t axis = 0; axis < rank; axis++) {
      if (sizes[axis] < 0) throw Failure(A4J_INVALID_ARGUMENT, "attention has a negative size");
    }
    OrtValue* value = nullptr;
    require(api_.output(context, index, sizes, rank, &value));
    ForeignTensor tensor;
    tensor.dtype = dtype;
    tensor.rank = static_cast<int>(rank);
    std::copy_n(sizes, rank, tensor.sizes);
    make_dense(tensor);
    require(api_.data(value, &tensor.data));
    return tensor;
  }

  Api api_;
  std::vector<int64_t> code_;
  size_t operands_ = 0;
  a4j_context* context_ = nullptr;
};

// ---- what the runtime asks about the operator

template <int32_t kType>
int32_t type_of_input(const OrtCustomOp*, size_t index) {
  return index < 3 ? kType : static_cast<int32_t>(kAnyType);  // then masks, bias, start
}

template <int32_t kType>
int32_t type_of_output(const OrtCustomOp*, size_t) {
  return kType;
}

OrtStatus* create(const OrtCustomOp*, const OrtApi* table, const OrtKernelInfo* info, void** kernel) {
  return guarded(Api(table), [&] { *kernel = new AttentionKernel(table, info); });
}

OrtStatus* compute(void* raw, OrtKernelContext* context) {
  const AttentionKernel& kernel = *static_cast<AttentionKernel*>(raw);
  return guarded(kernel.api(), [&] { kernel.compute(context); });
}

template <int32_t kType>
constexpr OrtCustomOp make_op() {
  OrtCustomOp op{};
  op.version = kApiVersion;
  op.name = [](const OrtCustomOp*) { return "Attention"; };
  op.provider = [](const OrtCustomOp*) -> const char* { return nullptr; };  // the CPU
  op.input_count = [](const OrtCustomOp*) -> size_t { return 4; };
  op.input_type = type_of_input<kType>;
  op.input_characteristic = [](const OrtCustomOp*, size_t index) {
    return static_cast<int32_t>(index < 3 ? kRequired : kVariadic);
  };
  op.input_memory = [](const OrtCustomOp*, size_t) -> int32_t { return 0; };
  op.variadic_input_least = [](const OrtCustomOp*) -> int32_t { return 0; };
  op.variadic_input_of_one_type = [](const OrtCustomOp*) -> int32_t { return 0; };
  op.output_count = [](const OrtCustomOp*) -> size_t { return 2; };
  op.output_type = type_of_output<kType>;
  op.output_characteristic = [](const OrtCustomOp*, size_t index) {
    return static_cast<int32_t>(index == 0 ? kRequired : kOptional);
  };
  op.variadic_output_least = [](const OrtCustomOp*) -> int32_t { return 0; };
  op.variadic_output_of_one_type = [](const OrtCustomOp*) -> int32_t { return 1; };
  op.create_kernel_or_fail = create;
  op.compute_or_fail = compute;
  op.destroy = [](void* kernel) { delete static_cast<AttentionKernel*>(kernel); };
  op.first_version = [](const OrtCustomOp*) -> int32_t { return 1; };
  op.last_version = [](const OrtCustomOp*) -> int32_t { return 1; };
  return op;
}

const OrtCustomOp kAll[kOps] = {make_op<kFloat>(), make_op<kFloat16>(), make_op<kBfloat16>()};

}  // namespace

const OrtCustomOp* attention_op(int index) {
  return &kAll[index];
}

}  // namespace attention4j::onnxruntime
