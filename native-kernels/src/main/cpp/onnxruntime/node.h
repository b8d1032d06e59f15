// What the operators of this library share: a node's code, the tensors of a call, the session's threads.
#pragma once

#include <vector>

#include "failure.h"
#include "runtime.h"
#include "thread_pool.h"
#include "wire.h"

struct a4j_context;

namespace attention4j::onnxruntime {

constexpr const char* kDomain = "org.attention4j";

/** A status of the runtime's on its way to the runtime. */
struct Refused {
  OrtStatus* status;
};

/** Throws Refused unless the status is null. */
void require(OrtStatus* status);

/** The status that a failure of the kernels becomes. */
OrtStatus* status_of(const Api& api, int32_t code, const char* message);

/** The status of the exception that is being handled. Does not throw. */
OrtStatus* status_of_exception(const Api& api) noexcept;

/** A tensor of the runtime's, its sizes and strides copied. Throws Failure if it is not given. */
ForeignTensor tensor_of(const Api& api, const OrtValue* value);

/** An attribute of a node: a list of whole numbers. */
std::vector<int64_t> integers_of(const Api& api, const OrtKernelInfo* info, const char* name);

/** A node of a graph with its attribute `code`, an attention in the format of wire.h. */
class Node {
 public:
  Node(const OrtApi* table, const OrtKernelInfo* info);

  const Api& api() const { return api_; }

 protected:
  /** The operands of a call: those of the code, and as many `besides`, or Failure is thrown. */
  std::vector<ForeignTensor> operands(const OrtKernelContext* context, size_t besides) const;

  /** A result of these sizes, in the runtime's memory. */
  ForeignTensor result(OrtKernelContext* context, size_t index, const int64_t* sizes, int rank,
                       int32_t dtype) const;

  /** Computes what `wire` tells of into the node's result 0 (and its rows, if there are). */
  void attend(OrtKernelContext* context, const WireAttention& wire, int32_t dtype) const;

  const std::vector<int64_t>& code() const { return code_; }
  const WireHead& head() const { return head_; }
  a4j_context* kernels() const { return kernels_; }

 private:
  Api api_;
  std::vector<int64_t> code_;
  WireHead head_;
  a4j_context* kernels_;
};

/** The session's threads lent to the kernels, so that no others compete with them. */
class SessionThreads final : public BorrowedThreads {
 public:
  SessionThreads(const Api& api, const OrtKernelContext* context) : api_(api), context_(context) {}

  int count() const override;
  void run(int lanes, void (*lane)(void* data, int lane), void* data) override;

 private:
  const Api& api_;
  const OrtKernelContext* context_;
};

/** An operator whose nodes are of the class Kernel, a Node with `compute(context)`; its types are missing. */
template <class Kernel>
constexpr OrtCustomOp operator_of() {
  OrtCustomOp op{};
  op.version = kApiVersion;
  op.provider = [](const OrtCustomOp*) -> const char* { return nullptr; };  // the CPU
  op.input_memory = [](const OrtCustomOp*, size_t) -> int32_t { return 0; };
  op.variadic_input_least = [](const OrtCustomOp*) -> int32_t { return 0; };
  op.variadic_input_of_one_type = [](const OrtCustomOp*) -> int32_t { return 0; };
  op.variadic_output_least = [](const OrtCustomOp*) -> int32_t { return 0; };
  op.variadic_output_of_one_type = [](const OrtCustomOp*) -> int32_t { return 1; };
  op.create_kernel_or_fail = [](const OrtCustomOp*, const OrtApi* table, const OrtKernelInfo* info,
                                void** kernel) -> OrtStatus* {
    try {
      *kernel = new Kernel(table, info);
      return nullptr;
    } catch (...) {
      return status_of_exception(Api(table));
    }
  };
  op.compute_or_fail = [](void* raw, OrtKernelContext* context) -> OrtStatus* {
    const Kernel& kernel = *static_cast<Kernel*>(raw);
    try {
      kernel.compute(context);
      return nullptr;
    } catch (...) {
      return status_of_exception(kernel.api());
    }
  };
  op.destroy = [](void* kernel) { delete static_cast<Kernel*>(kernel); };
  op.first_version = [](const OrtCustomOp*) -> int32_t { return 1; };
  op.last_version = [](const OrtCustomOp*) -> int32_t { return 1; };
  return op;
}

}  // namespace attention4j::onnxruntime
