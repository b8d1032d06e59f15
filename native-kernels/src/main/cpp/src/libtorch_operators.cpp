#include "libtorch_operators.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "attention4j/kernels.h"
#include "failure.h"
#include "libtorch_shim.h"

namespace attention4j {
namespace {

constexpr const char* kNamespace = "attention4j";
constexpr const char* kFile = "attention4j";

/** One context for each number of threads that was asked for. They last as long as the process. */
class Contexts {
 public:
  explicit Contexts(int32_t isa) : isa_(isa) {}

  /**
   * A context serves one call at a time with its pool and memory, so that callers with one thread
   * each, such as the workers of a trainer, have their own.
   */
  a4j_context* with_threads(int threads) {
    if (threads <= 1) {
      static thread_local std::unique_ptr<a4j_context, decltype(&a4j_context_destroy)> own(
          nullptr, a4j_context_destroy);
      if (own == nullptr) own.reset(create(1));
      return own.get();
    }
    std::lock_guard<std::mutex> lock(mutex_);
    a4j_context*& context = contexts_[threads];
    if (context == nullptr) context = create(threads);
    return context;
  }

 private:
  a4j_context* create(int threads) const {
    a4j_context* context = nullptr;
    a4j_error error{};
    if (a4j_context_create(isa_, threads, &context, &error) != A4J_OK) {
      throw Failure(static_cast<a4j_status>(error.code), error.message);
    }
    return context;
  }

  const int32_t isa_;
  std::mutex mutex_;
  std::map<int, a4j_context*> contexts_;
};

struct Runtime {
  const TorchShim* shim;
  Contexts contexts;
};

Runtime* runtime = nullptr;  // set before the first operator can be called

void require_ok(int32_t code, const a4j_error& error) {
  if (code != A4J_OK) throw Failure(static_cast<a4j_status>(code), error.message);
}

/** Arguments of a call: tensors, the last one the code. */
class Arguments {
 public:
  Arguments(const TorchShim& shim, StableValue* stack, uint64_t count) {
    handles_.reserve(count);
    for (uint64_t i = 0; i < count; i++) {
      handles_.emplace_back(shim, reinterpret_cast<TorchTensor*>(stack[i]));  // NOLINT: that is the ABI
    }
    views_.reserve(count);
    for (const OwnedTensor& handle : handles_) views_.push_back(shim.view(handle.get()));
    const ForeignTensor& last = views_.back();
    if (last.rank != 1 || last.dtype != A4J_I64 || last.strides[0] != 1) {
      throw Failure(A4J_INVALID_ARGUMENT, "the last argument is the code, a dense i64 tensor of one axis");
    }
  }

  const int64_t* code() const { return static_cast<const int64_t*>(views_.back().data); }
  size_t entries() const { return static_cast<size_t>(views_.back().sizes[0]); }
  /** Tensors before the code. */
  size_t tensors() const { return views_.size() - 1; }
  const ForeignTensor* operands() const { return views_.data(); }
  const ForeignTensor& operator[](size_t index) const { return views_[index]; }

 private:
  std::vector<OwnedTensor> handles_;
  std::vector<ForeignTensor> views_;
};

StableValue give(OwnedTensor& tensor) {
  return reinterpret_cast<StableValue>(tensor.release());  // NOLINT: that is the ABI
}

/** New memory of these sizes; time before heads where `like` has that order, so that merging the heads
 * again is no copy. */
ForeignTensor shaped(const ForeignTensor& like, const int64_t (&sizes)[4]) {
  ForeignTensor result;
  result.dtype = like.dtype;
  result.rank = 4;
  std::copy(sizes, sizes + 4, result.sizes);
  make_dense(result);
  if (like.strides[1] < like.strides[2] && like.strides[1] > 0) {
    result.strides[1] = sizes[3];
    result.strides[2] = sizes[1] * sizes[3];
  }
  return result;
}

ForeignTensor like(const ForeignTensor& tensor) {
  if (tensor.rank != 4) {
    ForeignTensor result = tensor;
    make_dense(result);
    return result;
  }
  return shaped(tensor, {tensor.sizes[0], tensor.sizes[1], tensor.sizes[2], tensor.sizes[3]});
}

void forward(const Runtime& with, StableValue* stack, uint64_t arguments) {
  const TorchShim& shim = *with.shim;
  Arguments given(shim, stack, arguments);
  WireAttention wire(given.code(), given.entries(), given.operands(), given.tensors());
  int64_t sizes[4];
  wire.output_sizes(sizes);
  ForeignTensor result = shaped(given[0], sizes);
  result.dtype = wire.output_type();
  OwnedTensor out(shim, result);
  ForeignTensor rows;
  rows.rank = 3;  // [batch, heads, queries], f32 whatever the rest is
  std::copy(sizes, sizes + 3, rows.sizes);
  make_dense(rows);
  OwnedTensor lse(shim, rows);
  a4j_view out_view = wire.output(shim.view(out.get()));
  a4j_view lse_view = wire.rows(shim.view(lse.get()));
  a4j_error error{};
  require_ok(a4j_attention_forward(runtime->contexts.with_threads(shim.threads()), &wire.problem(), &out_view,
                                   &lse_view, &error),
             error);
  stack[0] = give(out);
  stack[1] = give(lse);
}

void backward(const Runtime& with, StableValue* stack, uint64_t arguments) {
  const TorchShim& shim = *with.shim;
  Arguments given(shim, stack, arguments);
  size_t operands = WireAttention::head(given.code(), given.entries()).operands;
  if (operands + 3 > given.tensors()) {
    throw Failure(A4J_INVALID_ARGUMENT, "attention's backward takes " + std::to_string(operands) +
                                            " operands, two results and cotangents, got " +
                                            std::to_string(given.tensors()) + " tensors");
  }
  WireAttention wire(given.code(), given.entries(), given.operands(), operands);
  size_t expected = operands + (wire.log_sum_exp() ? 4 : 3);
  if (given.tensors() != expected) {
    throw Failure(A4J_INVALID_ARGUMENT, "attention's backward takes " + std::to_string(expected) +
                                            " tensors here, got " + std::to_string(given.tensors()));
  }
  a4j_gradients gradients{};
  gradients.struct_size = sizeof gradients;
  gradients.out = wire.output(given[operands]);
  gradients.lse = wire.rows(given[operands + 1]);
  gradients.grad_out = wire.output(given[operands + 2]);
  if (wire.log_sum_exp()) gradients.grad_lse = wire.rows(given[operands + 3]);
  OwnedTensor query(shim, like(given[0]));
  OwnedTensor key(shim, like(given[1]));
  OwnedTensor value(shim, like(given[2]));
  ForeignTensor bias_like;  // an empty tensor where there is none
  bias_like.rank = 1;
  make_dense(bias_like);
  if (wire.has_bias()) bias_like = like(given[wire.bias_operand()]);
  OwnedTensor bias(shim, bias_like);
  gradients.grad_query = wire.query(shim.view(query.get()));
  gradients.grad_key = wire.key(shim.view(key.get()));
  gradients.grad_value = wire.value(shim.view(value.get()));
  if (wire.has_bias()) gradients.grad_bias = wire.bias(shim.view(bias.get()));
  a4j_error error{};
  require_ok(a4j_attention_backward(runtime->contexts.with_threads(shim.threads()), &wire.problem(),
                                    &gradients, &error),
             error);
  stack[0] = give(query);
  stack[1] = give(key);
  stack[2] = give(value);
  stack[3] = give(bias);
}

/** The probability as a double's bits, and the site. */
void dropout(const Runtime& with, StableValue* stack, uint64_t arguments) {
  const TorchShim& shim = *with.shim;
  Arguments given(shim, stack, arguments);
  if (given.entries() != 2) throw Failure(A4J_INVALID_ARGUMENT, "dropout's code has two numbers");
  const ForeignTensor& x = given[0];
  const ForeignTensor& seed = given[1];
  if (seed.dtype != A4J_I64 || seed.rank != 0) {
    throw Failure(A4J_INVALID_ARGUMENT, "dropout's seed is an i64 scalar");
  }
  ForeignTensor dense = x;
  make_dense(dense);
  int64_t count = 1;
  for (int axis = 0; axis < x.rank; axis++) count *= x.sizes[axis];
  for (size_t i = 0; i < given.tensors(); i++) {
    const ForeignTensor& tensor = given[i];
    bool fits = i == 1 || (tensor.dtype == A4J_F32 && tensor.rank == x.rank);
    for (int axis = 0; fits && i != 1 && axis < x.rank; axis++) {
      fits = tensor.sizes[axis] == x.sizes[axis] &&
             (x.sizes[axis] == 1 || count == 0 || tensor.strides[axis] == dense.strides[axis]);
    }
    if (!fits) throw Failure(A4J_INVALID_ARGUMENT, "dropout takes dense f32 tensors of one shape");
  }
  double probability;
  std::memcpy(&probability, given.code(), sizeof probability);
  int64_t number;
  std::memcpy(&number, seed.data, sizeof number);
  OwnedTensor y(shim, dense);
  const float* added = given.tensors() > 2 ? static_cast<const float*>(given[2].data) : nullptr;
  a4j_error error{};
  require_ok(a4j_dropout(runtime->contexts.with_threads(shim.threads()), static_cast<const float*>(x.data),
                         added, static_cast<float*>(shim.view(y.get()).data), count, probability, number,
                         given.code()[1], &error),
             error);
  stack[0] = give(y);
}

/** The number of the function. */
void activation(const Runtime& with, StableValue* stack, uint64_t arguments) {
  const TorchShim& shim = *with.shim;
  Arguments given(shim, stack, arguments);
  if (given.entries() != 1) throw Failure(A4J_INVALID_ARGUMENT, "an activation's code is one number");
  const ForeignTensor& x = given[0];
  ForeignTensor dense = x;
  make_dense(dense);
  int64_t count = 1;
  for (int axis = 0; axis < x.rank; axis++) count *= x.sizes[axis];
  bool fits = x.dtype == A4J_F32;
  for (int axis = 0; axis < x.rank; axis++) {
    fits = fits && (x.sizes[axis] == 1 || count == 0 || x.strides[axis] == dense.strides[axis]);
  }
  if (!fits) throw Failure(A4J_INVALID_ARGUMENT, "activations take a dense f32 tensor");
  int64_t kind = given.code()[0];
  if (kind < A4J_GELU || kind > A4J_SILU) {  // before it loses its upper bits
    throw Failure(A4J_INVALID_ARGUMENT, "there is no activation " + std::to_string(kind));
  }
  OwnedTensor y(shim, dense);
  OwnedTensor slope(shim, dense);
  a4j_error error{};
  require_ok(
      a4j_activation_forward(runtime->contexts.with_threads(shim.threads()), static_cast<int32_t>(kind),
                             static_cast<const float*>(x.data), static_cast<float*>(shim.view(y.get()).data),
                             static_cast<float*>(shim.view(slope.get()).data), count, &error),
      error);
  stack[0] = give(y);
  stack[1] = give(slope);
}

using Body = void (*)(const Runtime&, StableValue*, uint64_t);

/** Runs an operator; false, with a message, if it failed. No exception leaves it. */
bool guarded(Body body, StableValue* stack, uint64_t arguments, char* message, size_t size) noexcept {
  try {
    body(*runtime, stack, arguments);
    return true;
  } catch (...) {
    a4j_error error{};
    report_current_exception(&error);
    std::snprintf(message, size, "%s", error.message);
    return false;
  }
}

/**
 * What PyTorch calls. Its exception passes through this frame, whose C++ runtime is another one, so
 * nothing here may need to be destroyed.
 */
template <Body body>
void boxed(StableValue* stack, uint64_t arguments, uint64_t) {
  static thread_local char message[sizeof(a4j_error::message)];
  if (!guarded(body, stack, arguments, message, sizeof message)) {
    runtime->shim->fail("attention4j", kFile, 0, message);
  }
}

std::string schema(const std::string& name, int tensors, const char* results) {
  std::string text = name + "(";
  for (int i = 0; i < tensors; i++) text += "Tensor t" + std::to_string(i) + ", ";
  return text + "Tensor code) -> (" + results + ")";
}

struct Operator {
  const char* name;
  int least;
  int most;
  const char* results;
  BoxedKernel kernel;
};

const Operator kOperators[] = {
    {"attention_forward_", 3, kMaxTorchOperands, "Tensor, Tensor", boxed<forward>},
    {"attention_backward_", 6, kMaxTorchOperands + 4, "Tensor, Tensor, Tensor, Tensor", boxed<backward>},
    {"dropout_", 2, 3, "Tensor", boxed<dropout>},
    {"activation_", 1, 1, "Tensor, Tensor", boxed<activation>},
};

std::string register_all(const TorchShim& shim) {
  TorchLibrary* definitions = nullptr;
  TorchLibrary* implementations = nullptr;
  // Neither library object is deleted: that would take the operators away.
  if (shim.library_define(kNamespace, kFile, 0, &definitions) != 0 ||
      shim.library_implement(kNamespace, "CPU", kFile, 0, &implementations) != 0) {
    return "PyTorch refuses the namespace attention4j; is it registered already?";
  }
  for (const Operator& op : kOperators) {
    for (int tensors = op.least; tensors <= op.most; tensors++) {
      std::string name = op.name + std::to_string(tensors);
      if (shim.define(definitions, schema(name, tensors, op.results).c_str()) != 0 ||
          shim.implement(implementations, name.c_str(), op.kernel) != 0) {
        return "PyTorch refuses the operator " + name;
      }
    }
  }
  return "";
}

}  // namespace

std::string register_libtorch_operators(int32_t isa) {
  static std::mutex mutex;
  static std::string* outcome = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (outcome == nullptr) {
    std::string reason;
    const TorchShim* shim = TorchShim::get(reason);
    if (shim == nullptr) return reason;  // it may be loaded later
    runtime = new Runtime{shim, Contexts(isa)};
    outcome = new std::string(register_all(*shim));
  }
  return *outcome;
}

}  // namespace attention4j
