// The C entry points: validate, split the work into items, hand them to the pool.
#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "attention4j/kernels.h"
#include "failure.h"
#include "isa.h"
#include "thread_pool.h"
#include "validate.h"

#ifndef A4J_VERSION
#define A4J_VERSION "unknown"
#endif

using namespace attention4j;

struct a4j_context {
  a4j_context(int32_t chosen, int threads) : isa(chosen), kernels(*kernels_for(chosen)), pool(threads) {}

  int32_t isa;
  const KernelTable& kernels;
  ThreadPool pool;
};

namespace {

constexpr int32_t kMaxThreads = 1024;

template <class Call>
void run_items(a4j_context& context, void (*item)(const Call&, int64_t, void*), const Call& call,
               int64_t count) {
  struct Job {
    void (*item)(const Call&, int64_t, void*);
    const Call* call;
  };
  Job job{item, &call};
  context.pool.run(
      [](const void* data, int64_t i, void* workspace) {
        const Job& typed = *static_cast<const Job*>(data);
        typed.item(*typed.call, i, workspace);
      },
      &job, count, context.kernels.workspace_bytes(call.problem));
}

int64_t query_items(const Problem& problem) {
  return problem.batch * problem.heads * query_tiles(problem);
}

void run_forward(a4j_context& context, const ForwardCall& call) {
  run_items(context, context.kernels.forward, call, query_items(call.problem));
}

/** A dense f32 view of [batch, heads, queries, width] over scratch memory. */
View dense_view(float* data, const Problem& problem, int64_t width) {
  View view{};
  view.data = data;
  view.element = Element::kFloat32;
  view.strides[0] = problem.heads * problem.queries * width;
  view.strides[1] = problem.queries * width;
  view.strides[2] = width;
  view.strides[3] = 1;
  return view;
}

BackwardCall check_backward(const Problem& problem, const a4j_attention& attention,
                            const a4j_gradients* gradients) {
  if (gradients == nullptr) throw Failure(A4J_INVALID_ARGUMENT, "the gradients are missing");
  if (gradients->struct_size != sizeof(a4j_gradients)) {
    throw Failure(A4J_INVALID_ARGUMENT, "the gradients' struct_size is " +
                                            std::to_string(gradients->struct_size) + ", not " +
                                            std::to_string(sizeof(a4j_gradients)));
  }
  const int64_t query[4] = {problem.batch, problem.heads, problem.queries, problem.key_dim};
  const int64_t key[4] = {problem.batch, problem.key_heads, problem.keys, problem.key_dim};
  const int64_t value[4] = {problem.batch, problem.key_heads, problem.keys, problem.value_dim};
  const int64_t out[4] = {problem.batch, problem.heads, problem.queries, problem.value_dim};
  const int64_t lse[4] = {problem.batch, problem.heads, problem.queries, 1};
  auto optional = [](const char* name, const a4j_view& view, const int64_t(&dims)[4], bool bfloat16,
                     Use use) {
    return view.data == nullptr ? View{} : check_view(name, view, dims, bfloat16, use);
  };
  BackwardCall call{};
  call.problem = problem;
  call.out = optional("out", gradients->out, out, true, Use::kInput);
  call.lse = optional("lse", gradients->lse, lse, true, Use::kInput);
  call.grad_out = optional("grad_out", gradients->grad_out, out, true, Use::kInput);
  call.grad_lse = optional("grad_lse", gradients->grad_lse, lse, true, Use::kInput);
  call.grad_query = optional("grad_query", gradients->grad_query, query, true, Use::kOutput);
  call.grad_key = optional("grad_key", gradients->grad_key, key, true, Use::kOutput);
  call.grad_value = optional("grad_value", gradients->grad_value, value, true, Use::kOutput);
  if (gradients->grad_bias.data != nullptr) {
    if (attention.bias.data == nullptr)
      throw Failure(A4J_INVALID_ARGUMENT, "grad_bias is given, but no bias");
    call.grad_bias = check_view("grad_bias", gradients->grad_bias, attention.bias_dims, true, Use::kOutput);
  }
  return call;
}

int64_t bias_items(const Problem& problem) {
  const bool* sums = problem.bias_broadcasts;
  return (sums[0] ? 1 : problem.batch) * (sums[1] ? 1 : problem.heads) *
         (sums[2] ? 1 : query_tiles(problem)) * (sums[3] ? 1 : key_tiles(problem));
}

void run_backward(a4j_context& context, BackwardCall call) {
  const Problem& problem = call.problem;
  const int64_t rows = problem.batch * problem.heads * problem.queries;
  std::unique_ptr<float[]> out;
  std::unique_ptr<float[]> lse;
  if (!present(call.out) || !present(call.lse)) {
    out.reset(new float[static_cast<size_t>(rows * problem.value_dim)]);
    lse.reset(new float[static_cast<size_t>(rows)]);
    call.out = dense_view(out.get(), problem, problem.value_dim);
    call.lse = dense_view(lse.get(), problem, 1);
    run_forward(context, ForwardCall{problem, call.out, call.lse});
  }
  std::unique_ptr<float[]> delta(new float[static_cast<size_t>(rows)]);
  call.delta = delta.get();
  run_items(context, context.kernels.backward_delta, call, query_items(problem));
  if (present(call.grad_query)) {
    run_items(context, context.kernels.backward_query, call, query_items(problem));
  }
  if (present(call.grad_key) || present(call.grad_value)) {
    run_items(context, context.kernels.backward_key, call,
              problem.batch * problem.key_heads * key_tiles(problem));
  }
  if (present(call.grad_bias)) {
    run_items(context, context.kernels.backward_bias, call, bias_items(problem));
  }
}

a4j_context& checked(a4j_context* context) {
  if (context == nullptr) throw Failure(A4J_INVALID_ARGUMENT, "the context is missing");
  return *context;
}

}  // namespace

extern "C" {

int32_t a4j_abi_version(void) {
  return A4J_ABI_VERSION;
}

const char* a4j_version(void) {
  return A4J_VERSION;
}

const char* a4j_isa_name(int32_t isa) {
  return isa_name(isa);
}

int32_t a4j_isa_available(int32_t isa) {
  return kernels_for(isa) != nullptr ? 1 : 0;
}

int32_t a4j_context_create(int32_t isa, int32_t threads, a4j_context** context, a4j_error* error) {
  try {
    if (context == nullptr) throw Failure(A4J_INVALID_ARGUMENT, "there is nowhere to put the context");
    *context = nullptr;
    if (threads < 0 || threads > kMaxThreads) {
      throw Failure(A4J_INVALID_ARGUMENT,
                    "threads is " + std::to_string(threads) + ", not 0 to " + std::to_string(kMaxThreads));
    }
    int count = threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency());
    *context = new a4j_context(choose_isa(isa), std::clamp(count, 1, static_cast<int>(kMaxThreads)));
    return A4J_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}

void a4j_context_destroy(a4j_context* context) {
  delete context;
}

int32_t a4j_context_isa(const a4j_context* context) {
  return context == nullptr ? -1 : context->isa;
}

int32_t a4j_context_threads(const a4j_context* context) {
  return context == nullptr ? 0 : context->pool.threads();
}

int32_t a4j_attention_forward(a4j_context* context, const a4j_attention* problem, const a4j_view* out,
                              const a4j_view* lse, a4j_error* error) {
  try {
    std::vector<MaskNode> nodes;
    ForwardCall call{};
    call.problem = check_problem(problem, nodes);
    const int64_t dims[4] = {problem->batch, problem->heads, problem->queries, problem->value_dim};
    const int64_t lse_dims[4] = {problem->batch, problem->heads, problem->queries, 1};
    if (out == nullptr) throw Failure(A4J_INVALID_ARGUMENT, "out is missing");
    call.out = check_view("out", *out, dims, true, Use::kOutput);
    if (lse != nullptr) call.lse = check_view("lse", *lse, lse_dims, true, Use::kOutput);
    run_forward(checked(context), call);
    return A4J_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}

int32_t a4j_attention_backward(a4j_context* context, const a4j_attention* problem,
                               const a4j_gradients* gradients, a4j_error* error) {
  try {
    std::vector<MaskNode> nodes;
    Problem checked_problem = check_problem(problem, nodes);
    BackwardCall call = check_backward(checked_problem, *problem, gradients);
    run_backward(checked(context), call);
    return A4J_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}

}  // extern "C"
