// The C entry points: validate, split the work into items, hand them to the pool.
#include <algorithm>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "attention4j/kernels.h"
#include "failure.h"
#include "isa.h"
#include "sweep.h"
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
  std::mutex scratch_in_use;
  Workspace scratch;
};

namespace {

constexpr int32_t kMaxThreads = 1024;
constexpr int64_t kCopiedAlone = 1 << 15;  // elements that are copied before another thread wakes up
constexpr size_t kMergeAlone = 1 << 18;    // partial results that are not worth a second round of the pool
constexpr size_t kKeptScratch = size_t{1} << 26;  // bytes that a context keeps between calls, at most

/** Memory for one call: the context's, or its own while another call has that or if it is large. */
class Scratch {
 public:
  Scratch(a4j_context& context, size_t bytes) : lock_(context.scratch_in_use, std::defer_lock) {
    if (bytes == 0) return;
    bool keep = bytes <= kKeptScratch && lock_.try_lock();
    data_ = (keep ? context.scratch : own_).reserve(bytes);
  }

  void* data() const { return data_; }

 private:
  std::unique_lock<std::mutex> lock_;
  Workspace own_;
  void* data_ = nullptr;
};

template <class Call>
void run_items(a4j_context& context, void (*item)(const Call&, int64_t, void*), const Call& call,
               int64_t count, size_t workspace_bytes, bool alone = false) {
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
      &job, count, workspace_bytes, alone);
}

void run_items(a4j_context& context, void (*item)(const BackwardCall&, int64_t, void*),
               const BackwardCall& call, int64_t count) {
  run_items(context, item, call, count, context.kernels.workspace_bytes(call.problem));
}

int64_t query_items(const Problem& problem) {
  return problem.batch * problem.heads * query_tiles(problem);
}

/** Whether a call is over before another thread would have woken up: about ten microseconds. */
bool is_short(const Problem& problem) {
  double pairs = static_cast<double>(problem.batch * problem.heads * problem.queries * problem.keys);
  double widths = problem.key_dim + problem.value_dim;
  double key_bytes = static_cast<double>(problem.batch * problem.key_heads * problem.keys) * widths *
                     static_cast<double>(element_bytes(problem.key.element));
  return 2 * pairs * widths * 0.01 + key_bytes * 0.02 < 10e3;  // nanoseconds
}

void run_forward(a4j_context& context, ForwardCall call) {
  call.plan = context.kernels.plan_forward(call, context.pool.threads());
  Scratch partials(context, sizeof(float) * call.plan.partial_floats);
  call.partials = static_cast<float*>(partials.data());
  run_items(context, call.plan.item, call, call.plan.items, call.plan.workspace_bytes,
            is_short(call.problem));
  if (call.plan.merge == nullptr) return;
  int64_t groups = call.problem.batch * call.problem.key_heads;
  if (call.plan.partial_floats < kMergeAlone) {
    for (int64_t group = 0; group < groups; group++) call.plan.merge(call, group, nullptr);
  } else {
    run_items(context, call.plan.merge, call, groups, 0);
  }
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
  if (problem.key.element == Element::kInt8Rows || problem.value.element == Element::kInt8Rows) {
    throw Failure(A4J_UNSUPPORTED, "keys and values in rows of 8 bits have no gradients");
  }
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
  const BackwardSweep* sweep = context.kernels.backward_sweep(call);
  const bool exact = call.out.element == Element::kFloat32;
  const bool saved = present(call.out) && present(call.lse) && (exact || sweep != nullptr);
  const int64_t partials = sweep == nullptr ? 0 : plan_sweep(call);
  const int64_t outs = saved ? 0 : rows * (problem.value_dim + 1);
  Scratch scratch(context, sizeof(float) * static_cast<size_t>(partials + rows + outs));
  float* sums = static_cast<float*>(scratch.data());
  call.delta = sums + partials;
  if (!saved) {
    call.out = dense_view(call.delta + rows, problem, problem.value_dim);
    call.lse = dense_view(call.delta + rows * (problem.value_dim + 1), problem, 1);
    run_forward(context, ForwardCall{problem, call.out, call.lse, {}, nullptr});
  }
  // Rows of one block of keys are centred, so that they need no exact delta.
  int32_t too_rough = 0;
  if (saved && !exact && problem.keys > kBackwardKeys) call.too_rough = &too_rough;
  Swept outcome = Swept::kNotFinite;
  if (sweep != nullptr) outcome = run_sweep(context.pool, *sweep, call, sums, is_short(problem));
  Workspace exact_out;
  if (outcome == Swept::kTooRough) {
    size_t elements = static_cast<size_t>(rows * problem.value_dim);
    call.out = dense_view(static_cast<float*>(exact_out.reserve(sizeof(float) * elements)), problem,
                          problem.value_dim);
    call.too_rough = nullptr;
    run_forward(context, ForwardCall{problem, call.out, {}, {}, nullptr});
    outcome = run_sweep(context.pool, *sweep, call, sums, is_short(problem));
  }
  bool swept = outcome == Swept::kAll;
  if (sweep == nullptr) run_items(context, context.kernels.backward_delta, call, query_items(problem));
  if (!swept && present(call.grad_query)) {
    run_items(context, context.kernels.backward_query, call, query_items(problem));
  }
  if (!swept && (present(call.grad_key) || present(call.grad_value))) {
    run_items(context, context.kernels.backward_key, call,
              problem.batch * problem.key_heads * key_tiles(problem));
  }
  if (!swept && present(call.grad_bias)) {
    run_items(context, context.kernels.backward_bias, call, bias_items(problem));
  }
}

constexpr int64_t kRowsOfProduct = 240;                // whose bytes the second-level cache holds
constexpr int64_t kBytesOfProduct = int64_t{1} << 20;  // of weights that a thread reads in one go
constexpr int64_t kProductAlone = 1 << 17;  // products that are over before another thread wakes up
constexpr int64_t kRoundedAlone = 1 << 14;  // elements, likewise

/** x, rounded, goes to memory of the context's; then the product runs. */
void run_product(a4j_context& context, BlockProductCall call) {
  const int64_t steps = call.rows * call.steps;
  Scratch rounded(context, static_cast<size_t>(steps * (kStepInputs + 8)));
  call.bytes = static_cast<int8_t*>(rounded.data());
  call.scales = reinterpret_cast<float*>(call.bytes + steps * kStepInputs);
  call.offsets = reinterpret_cast<int32_t*>(call.scales + steps);
  run_items(context, context.kernels.round_row, call, call.rows, 0, steps * kStepInputs < kRoundedAlone);
  const int64_t groups = product_groups(call);
  const int64_t group_bytes = std::max<int64_t>(1, block_bytes(call) * call.steps * kStepInputs / call.block);
  const int64_t shares = groups / (4 * std::max(1, context.pool.threads()));
  call.rows_of_item = std::min(call.rows, kRowsOfProduct);
  call.groups_of_item = std::max<int64_t>(1, std::min(shares, kBytesOfProduct / group_bytes));
  const int64_t items = (groups + call.groups_of_item - 1) / call.groups_of_item *
                        ((call.rows + call.rows_of_item - 1) / call.rows_of_item);
  run_items(context, context.kernels.block_product, call, items, 0,
            call.rows * groups * group_bytes < kProductAlone);
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

int32_t a4j_dropout(a4j_context* context, const float* x, const float* added, float* y, int64_t count,
                    double probability, int64_t seed, int64_t site, a4j_error* error) {
  try {
    DropoutCall call{check_dropout(probability, seed, site), x, added, y, count};
    if (count < 0 || (count > 0 && (x == nullptr || y == nullptr))) {
      throw Failure(A4J_INVALID_ARGUMENT, "dropout lacks its x or y, or has a negative count");
    }
    if (!call.plan.active) call.plan.factor = 1;  // of everything, as no hash is below 0
    a4j_context& chosen = checked(context);
    run_items(chosen, chosen.kernels.dropout, call, (count + kDropoutChunk - 1) / kDropoutChunk, 0);
    return A4J_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}

int32_t a4j_activation_forward(a4j_context* context, int32_t activation, const float* x, float* y,
                               float* slope, int64_t count, a4j_error* error) {
  try {
    if (activation < A4J_GELU || activation > A4J_SILU) {
      throw Failure(A4J_INVALID_ARGUMENT, "there is no activation " + std::to_string(activation));
    }
    if (count < 0 || (count > 0 && (x == nullptr || y == nullptr || slope == nullptr || y == slope))) {
      throw Failure(
          A4J_INVALID_ARGUMENT,
          "an activation lacks its x, y or slope, writes both to one place, or has a negative count");
    }
    ActivationCall call{static_cast<ActivationKind>(activation), x, y, slope, count};
    a4j_context& chosen = checked(context);
    run_items(chosen, chosen.kernels.activation, call, (count + kActivationChunk - 1) / kActivationChunk, 0);
    return A4J_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}

int32_t a4j_copy(a4j_context* context, const a4j_view* from, const a4j_view* to, const int64_t* dims,
                 a4j_error* error) {
  try {
    if (from == nullptr || to == nullptr || dims == nullptr) {
      throw Failure(A4J_INVALID_ARGUMENT, "a copy lacks its source, its target or its sizes");
    }
    const int64_t sizes[4] = {dims[0], dims[1], dims[2], dims[3]};
    int64_t elements = 1;
    for (int64_t size : sizes) {
      if (size < 0 || __builtin_mul_overflow(elements, size, &elements)) {
        throw Failure(A4J_INVALID_ARGUMENT, "a copy has a size of " + std::to_string(size));
      }
    }
    if (std::any_of(sizes, sizes + 4, [](int64_t size) { return size == 0; })) return A4J_OK;
    CopyCall call{};
    call.from = check_rows("from", *from, sizes, Use::kInput);
    call.to = check_rows("to", *to, sizes, Use::kOutput);
    call.heads = sizes[1];
    call.rows = sizes[2];
    call.width = sizes[3];
    const int64_t tiles = (call.rows + kTile - 1) / kTile;
    a4j_context& chosen = checked(context);
    run_items(chosen, chosen.kernels.copy_rows, call, sizes[0] * call.heads * tiles, 0,
              elements < kCopiedAlone);
    return A4J_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}

int32_t a4j_block_products(a4j_context* context, const a4j_block_product* product, a4j_error* error) {
  try {
    BlockProductCall call = check_product(product);
    a4j_context& chosen = checked(context);
    if (call.rows > 0 && call.outputs > 0) run_product(chosen, call);
    return A4J_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}

}  // extern "C"
