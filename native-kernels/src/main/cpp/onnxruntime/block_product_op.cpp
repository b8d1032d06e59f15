// Rows times a matrix of weights in blocks of few bits: a4j_block_products. Its weights stand in the order
// in which they are read, so that nothing is rearranged and nothing is there twice.
//
// Operands: x f32 [..., inputs]; weights u8, as a4j_block_product has them; optionally a bias f32 [outputs].
// Result: [..., outputs]. The attribute `code` is outputs, inputs, weights that share a scale, bits.
#include <mutex>
#include <string>
#include <vector>

#include "attention4j/kernels.h"
#include "node.h"
#include "operators.h"
#include "weight_memory.h"

namespace attention4j::onnxruntime {
namespace {

constexpr size_t kEntries = 4;

class BlockProductNode {
 public:
  BlockProductNode(const OrtApi* table, const OrtKernelInfo* info)
      : api_(table), code_(integers_of(api_, info, "code")), kernels_(shared_context()) {
    if (code_.size() != kEntries) {
      throw Failure(A4J_INVALID_ARGUMENT, "the code of a product has " + std::to_string(code_.size()) +
                                              " entries, not " + std::to_string(kEntries));
    }
  }

  const Api& api() const { return api_; }

  void compute(OrtKernelContext* context) const {
    const OrtValue* given[3] = {};
    size_t count = 0;
    require(api_.input_count(context, &count));
    for (size_t i = 0; i < count && i < 3; i++) require(api_.input(context, i, &given[i]));
    const ForeignTensor x = tensor_of(api_, given[0]);
    const ForeignTensor weights = tensor_of(api_, given[1]);
    std::call_once(seen_, [&weights] { ask_for_huge_pages(weights.data, bytes_of(weights)); });
    a4j_block_product product{};
    product.struct_size = sizeof product;
    product.outputs = code_[0];
    product.inputs = code_[1];
    product.block = code_[2];
    product.bits = code_[3];
    if (x.rank < 1 || x.sizes[x.rank - 1] != product.inputs) {
      throw Failure(A4J_INVALID_ARGUMENT,
                    "rows of a product are not of " + std::to_string(product.inputs) + " inputs");
    }
    product.rows = 1;
    for (int axis = 0; axis + 1 < x.rank; axis++) product.rows *= x.sizes[axis];
    product.x = static_cast<const float*>(x.data);
    product.weights = weights.data;
    product.weight_bytes = static_cast<int64_t>(bytes_of(weights));
    if (given[2] != nullptr) product.bias = bias(tensor_of(api_, given[2]), product.outputs);
    int64_t sizes[ForeignTensor::kMaxRank];
    for (int axis = 0; axis < x.rank; axis++) sizes[axis] = x.sizes[axis];
    sizes[x.rank - 1] = product.outputs;
    OrtValue* result = nullptr;
    void* y = nullptr;
    if (product.outputs < 0) throw Failure(A4J_INVALID_ARGUMENT, "a product has a negative size");
    if (product.inputs > 0 && product.outputs > product.weight_bytes) {  // before there is memory for them
      throw Failure(A4J_INVALID_ARGUMENT, "a product has fewer weights than outputs");
    }
    require(api_.output(context, 0, sizes, static_cast<size_t>(x.rank), &result));
    require(api_.data(result, &y));
    product.y = static_cast<float*>(y);
    SessionThreads threads(api_, context);
    BorrowedThreads::Scope lent(&threads);
    a4j_error error{};
    int32_t code = a4j_block_products(kernels_, &product, &error);
    if (code != A4J_OK) throw Refused{status_of(api_, code, error.message)};
  }

 private:
  static size_t bytes_of(const ForeignTensor& weights) {
    int64_t bytes = 1;
    for (int axis = 0; axis < weights.rank; axis++) bytes *= weights.sizes[axis];
    return static_cast<size_t>(bytes);
  }

  static const float* bias(const ForeignTensor& tensor, int64_t outputs) {
    if (tensor.rank != 1 || tensor.sizes[0] != outputs) {
      throw Failure(A4J_INVALID_ARGUMENT,
                    "the bias of a product has not one axis of " + std::to_string(outputs));
    }
    return static_cast<const float*>(tensor.data);
  }

  Api api_;
  std::vector<int64_t> code_;
  a4j_context* kernels_;
  mutable std::once_flag seen_;  // the weights, which stay where they are
};

constexpr OrtCustomOp make_op() {
  OrtCustomOp op = operator_of<BlockProductNode>();
  op.name = [](const OrtCustomOp*) { return "BlockProduct"; };
  op.input_count = [](const OrtCustomOp*) -> size_t { return 3; };
  op.input_type = [](const OrtCustomOp*, size_t index) {
    return static_cast<int32_t>(index == 1 ? kUint8 : kFloat);
  };
  op.input_characteristic = [](const OrtCustomOp*, size_t index) {
    return static_cast<int32_t>(index < 2 ? kRequired : kOptional);
  };
  op.output_count = [](const OrtCustomOp*) -> size_t { return 1; };
  op.output_type = [](const OrtCustomOp*, size_t) { return static_cast<int32_t>(kFloat); };
  op.output_characteristic = [](const OrtCustomOp*, size_t) { return static_cast<int32_t>(kRequired); };
  return op;
}

const OrtCustomOp kOp = make_op();

}  // namespace

const OrtCustomOp* block_product_op() {
  return &kOp;
}

}  // namespace attention4j::onnxruntime
