#include "spoiled_call.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "check.h"

namespace {

/** A number may have been spoiled before: sums wrap around. */
int64_t moved(int64_t number, int64_t by) {
  return static_cast<int64_t>(static_cast<uint64_t>(number) + static_cast<uint64_t>(by));
}

int64_t negated(int64_t number) {
  return static_cast<int64_t>(0 - static_cast<uint64_t>(number));
}

int64_t size_of(int32_t dtype) {
  switch (dtype) {
    case A4J_I64:
      return 8;
    case A4J_F32:
    case A4J_I32:
      return 4;
    case A4J_BF16:
    case A4J_F16:
      return 2;
    default:
      return 1;
  }
}

void check_report(int32_t code, const a4j_error& error, bool with_error) {
  check(code >= A4J_OK && code <= A4J_INTERNAL, "unknown code " + std::to_string(code));
  check(code != A4J_INTERNAL, std::string("internal error: ") + error.message);
  if (code == A4J_OK || !with_error) return;
  check(error.code == code, "the error has another code");
  check(std::memchr(error.message, 0, sizeof error.message) != nullptr, "the message does not end");
  check(error.message[0] != 0, "no message");
}

}  // namespace

SpoiledCall::SpoiledCall(const TestProblem& problem, Results& results, Bytes& bytes)
    : problem_(problem.attention()), mask_(problem.mask), out_(results.out.view()), lse_(results.lse.view()) {
  a4j_gradients& g = gradients_;
  g.struct_size = sizeof g;
  if (bytes.once_in(2)) {
    g.out = problem.grad_out.view();  // of the right shape
    g.lse = problem.grad_lse.view();
  }
  g.grad_out = problem.grad_out.view();
  g.grad_lse = problem.grad_lse.view();
  g.grad_query = results.grad_query.view();
  g.grad_key = results.grad_key.view();
  g.grad_value = results.grad_value.view();
  if (results.grad_bias) g.grad_bias = results.grad_bias->view();
  for (a4j_view* view :
       {&problem_.query, &problem_.key, &problem_.value, &problem_.slopes, &problem_.bias, &out_, &lse_,
        &g.out, &g.lse, &g.grad_out, &g.grad_lse, &g.grad_query, &g.grad_key, &g.grad_value, &g.grad_bias}) {
    memories_.push_back({view, view->elements * size_of(view->dtype)});
  }
  for (a4j_mask_node& node : mask_) {
    if (node.op == A4J_MASK_TENSOR) {
      memories_.push_back({&node.tensor, node.tensor.elements * size_of(node.tensor.dtype)});
    }
  }
  problem_.mask = mask_.data();
  int64_t changes = bytes.between(0, 4);
  for (int64_t n = 0; n < changes; n++) spoil(bytes);
  stay_in_memory();
}

void SpoiledCall::spoil(Bytes& bytes) {
  switch (bytes.between(0, 7)) {
    case 0:
      return spoil_size(bytes);
    case 1:
      return spoil_number(bytes);
    case 2:
      return spoil_mask(bytes);
    case 3:
      if (bytes.once_in(8))
        bytes.pick({&with_out_, &with_lse_, &with_problem_, &with_gradients_, &with_error_})[0] = false;
      problem_.bias_dims[bytes.between(0, 3)] = bytes.number();
      return;
    default: {
      size_t last = memories_.size() - 1;
      return spoil_view(memories_[static_cast<size_t>(bytes.between(0, static_cast<int64_t>(last)))], bytes);
    }
  }
}

void SpoiledCall::spoil_size(Bytes& bytes) {
  int64_t& size =
      *bytes.pick({&problem_.batch, &problem_.heads, &problem_.key_heads, &problem_.queries, &problem_.keys,
                   &problem_.key_dim, &problem_.value_dim, &problem_.query_start, &problem_.mask_nodes});
  size = bytes.once_in(2) ? bytes.number() : moved(size, bytes.between(-2, 2));
  if (&size == &problem_.mask_nodes) size = std::min(size, static_cast<int64_t>(mask_.size()));
}

void SpoiledCall::spoil_number(Bytes& bytes) {
  switch (bytes.between(0, 5)) {
    case 0:
      problem_.scale = bytes.real();
      return;
    case 1:
      problem_.softcap = bytes.real();
      return;
    case 2:
      problem_.dropout = bytes.real();
      return;
    case 3:
      problem_.dropout_seed = bytes.number();
      return;
    case 4:
      problem_.dropout_site = bytes.number();
      return;
    default:
      (bytes.once_in(2) ? problem_.struct_size : gradients_.struct_size) = bytes.bits();
  }
}

void SpoiledCall::spoil_view(Memory& memory, Bytes& bytes) {
  a4j_view& view = *memory.view;
  switch (bytes.between(0, 6)) {
    case 0:
      view.elements = bytes.once_in(2) ? bytes.number() : moved(view.elements, -bytes.between(1, 9));
      return;
    case 1:
      view.offset = bytes.once_in(2) ? bytes.number() : moved(view.offset, bytes.between(-2, 2));
      return;
    case 2:
      view.dtype = static_cast<int32_t>(bytes.once_in(4) ? bytes.number() : bytes.between(-1, 6));
      return;
    case 3:
      view.data = nullptr;
      return;
    case 4:
      if (view.data == nullptr || memory.bytes == 0) return;
      view.data = static_cast<char*>(view.data) + 1;
      memory.bytes--;
      return;
    default: {
      int64_t& stride = view.strides[bytes.between(0, 3)];
      stride = bytes.pick({moved(stride, 1), moved(stride, -1), negated(stride), int64_t{0}, bytes.number()});
    }
  }
}

void SpoiledCall::spoil_mask(Bytes& bytes) {
  if (mask_.empty()) return;
  a4j_mask_node& node = mask_[static_cast<size_t>(bytes.between(0, static_cast<int64_t>(mask_.size()) - 1))];
  switch (bytes.between(0, 3)) {
    case 0:
      node.op = static_cast<int32_t>(bytes.between(-1, 8));
      return;
    case 1:
      node.left = bytes.number();
      return;
    case 2:
      node.right = bytes.number();
      return;
    default:
      node.dims[bytes.between(0, 3)] = bytes.number();
  }
}

void SpoiledCall::stay_in_memory() {
  for (Memory& memory : memories_) {
    a4j_view& view = *memory.view;
    view.elements = std::min(view.elements, memory.bytes / size_of(view.dtype));
  }
}

double SpoiledCall::pairs() const {
  double product = 1;
  for (int64_t size : {problem_.batch, problem_.heads, problem_.queries, problem_.keys}) {
    product *= std::max(1.0, static_cast<double>(size));
  }
  return product;
}

int32_t SpoiledCall::forward(a4j_context* context) const {
  a4j_error error{};
  int32_t code =
      a4j_attention_forward(context, with_problem_ ? &problem_ : nullptr, with_out_ ? &out_ : nullptr,
                            with_lse_ ? &lse_ : nullptr, with_error_ ? &error : nullptr);
  check_report(code, error, with_error_);
  return code;
}

int32_t SpoiledCall::backward(a4j_context* context) const {
  a4j_error error{};
  int32_t code =
      a4j_attention_backward(context, with_problem_ ? &problem_ : nullptr,
                             with_gradients_ ? &gradients_ : nullptr, with_error_ ? &error : nullptr);
  check_report(code, error, with_error_);
  return code;
}
