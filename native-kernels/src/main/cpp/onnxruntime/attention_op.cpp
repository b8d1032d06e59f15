// Attention over the keys and values that are given.
#include <string>

#include "attention4j/kernels.h"
#include "node.h"
#include "operators.h"

namespace attention4j::onnxruntime {
namespace {

class AttentionNode : public Node {
 public:
  using Node::Node;

  void compute(OrtKernelContext* context) const {
    std::vector<ForeignTensor> given = operands(context, 0);
    WireAttention wire(code().data(), code().size(), given.data(), given.size());
    size_t wanted = 0;
    require(api().output_count(context, &wanted));
    if (wanted != (wire.log_sum_exp() ? 2U : 1U)) {
      throw Failure(A4J_INVALID_ARGUMENT, "the attention code has " +
                                              std::string(wire.log_sum_exp() ? "two results" : "one result") +
                                              ", the node " + std::to_string(wanted));
    }
    SessionThreads threads(api(), context);
    BorrowedThreads::Scope lent(&threads);
    attend(context, wire, given[0].dtype);
  }
};

template <int32_t kType>
constexpr OrtCustomOp make_op() {
  OrtCustomOp op = operator_of<AttentionNode>();
  op.name = [](const OrtCustomOp*) { return "Attention"; };
  op.input_count = [](const OrtCustomOp*) -> size_t { return 4; };
  op.input_type = [](const OrtCustomOp*, size_t index) {
    return index < 3 ? kType : static_cast<int32_t>(kAnyType);  // then masks, bias, start
  };
  op.input_characteristic = [](const OrtCustomOp*, size_t index) {
    return static_cast<int32_t>(index < 3 ? kRequired : kVariadic);
  };
  op.output_count = [](const OrtCustomOp*) -> size_t { return 2; };
  op.output_type = [](const OrtCustomOp*, size_t) { return kType; };
  op.output_characteristic = [](const OrtCustomOp*, size_t index) {
    return static_cast<int32_t>(index == 0 ? kRequired : kOptional);
  };
  return op;
}

const OrtCustomOp kAll[kAttentionOps] = {make_op<kFloat>(), make_op<kFloat16>(), make_op<kBfloat16>()};

}  // namespace

const OrtCustomOp* attention_op(int index) {
  return &kAll[index];
}

}  // namespace attention4j::onnxruntime
