// Wrong arguments are refused with a message, before any memory is touched.
#include <cmath>
#include <functional>
#include <limits>

#include "check.h"
#include "problems.h"

namespace {

struct Call {
  TestProblem problem{Shape{2, 4, 2, 7, 9, 8, 12, 2}, features(), 1};
  Results results{problem};
  a4j_attention attention = problem.attention();
  a4j_view out = results.out.view();
  a4j_view lse = results.lse.view();
  a4j_gradients gradients{};

  Call() {
    gradients.struct_size = sizeof gradients;
    gradients.grad_out = problem.grad_out.view();
    gradients.grad_query = results.grad_query.view();
    gradients.grad_key = results.grad_key.view();
    gradients.grad_value = results.grad_value.view();
    gradients.grad_bias = results.grad_bias->view();
  }

  static Features features() {
    Features features;
    features.mask = MaskKind::kTree;
    features.bias = BiasKind::kPerHead;
    features.alibi = true;
    return features;
  }
};

/** Both passes must refuse, and the message must contain `part`. */
void expect_refused(const char* part, const std::function<void(Call&)>& spoil,
                    int32_t code = A4J_INVALID_ARGUMENT) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  Call call;
  spoil(call);
  a4j_error error{};
  int32_t forward = a4j_attention_forward(context.get(), &call.attention, &call.out, &call.lse, &error);
  check(forward == code && error.code == code, std::string("forward accepted a wrong ") + part);
  check(std::string(error.message).find(part) != std::string::npos, std::string(part) + ": " + error.message);
  int32_t backward = a4j_attention_backward(context.get(), &call.attention, &call.gradients, &error);
  check(backward == code, std::string("backward accepted a wrong ") + part);
  check(call.results.guards_intact(), "guards");
}

void expect_backward_refused(const char* part, const std::function<void(Call&)>& spoil) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  Call call;
  spoil(call);
  a4j_error error{};
  int32_t code = a4j_attention_backward(context.get(), &call.attention, &call.gradients, &error);
  check(code == A4J_INVALID_ARGUMENT, std::string("backward accepted a wrong ") + part);
  check(std::string(error.message).find(part) != std::string::npos, std::string(part) + ": " + error.message);
}

}  // namespace

TEST(errors, dropout_out_of_range) {
  for (double wrong : {-0.1, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
    Context context = make_context(A4J_ISA_AUTO, 1);
    Call call;
    call.attention.dropout = wrong;
    a4j_error error{};
    check(a4j_attention_forward(context.get(), &call.attention, &call.out, &call.lse, &error) ==
              A4J_INVALID_ARGUMENT,
          "accepted");
    check(std::string(error.message).find("dropout") != std::string::npos, error.message);
  }
}

TEST(errors, sizes_out_of_range) {
  expect_refused("struct_size", [](Call& c) { c.attention.struct_size--; });
  expect_refused("batch", [](Call& c) { c.attention.batch = -1; });
  expect_refused("heads", [](Call& c) { c.attention.heads = 0; });
  expect_refused("key_heads", [](Call& c) { c.attention.key_heads = 0; });
  expect_refused("does not divide", [](Call& c) { c.attention.key_heads = 3; });
  expect_refused("queries", [](Call& c) { c.attention.queries = std::numeric_limits<int64_t>::min(); });
  expect_refused("keys", [](Call& c) { c.attention.keys = std::numeric_limits<int64_t>::max(); });
  expect_refused("key_dim", [](Call& c) { c.attention.key_dim = 0; });
  expect_refused(
      "key_dim", [](Call& c) { c.attention.key_dim = 257; }, A4J_UNSUPPORTED);
  expect_refused(
      "value_dim", [](Call& c) { c.attention.value_dim = 1000; }, A4J_UNSUPPORTED);
  expect_refused("query_start",
                 [](Call& c) { c.attention.query_start = std::numeric_limits<int64_t>::max(); });
  expect_refused("63 bits", [](Call& c) {
    c.attention.batch = int64_t{1} << 40;
    c.attention.queries = int64_t{1} << 40;
  });
}

TEST(errors, numbers_that_are_none) {
  expect_refused("scale", [](Call& c) { c.attention.scale = std::nan(""); });
  expect_refused("scale", [](Call& c) { c.attention.scale = 1e300; });
  expect_refused("softcap", [](Call& c) { c.attention.softcap = -1; });
  expect_refused("softcap", [](Call& c) { c.attention.softcap = std::numeric_limits<double>::infinity(); });
}

TEST(errors, views_that_leave_their_memory) {
  expect_refused("query", [](Call& c) { c.attention.query.data = nullptr; });
  expect_refused("query", [](Call& c) { c.attention.query.elements--; });
  expect_refused("key", [](Call& c) { c.attention.key.offset = 1; });
  expect_refused("key", [](Call& c) { c.attention.key.offset = -1; });
  expect_refused("value",
                 [](Call& c) { c.attention.value.strides[2] = std::numeric_limits<int64_t>::max(); });
  expect_refused("value", [](Call& c) { c.attention.value.strides[1] = -1; });
  expect_refused("aligned",
                 [](Call& c) { c.attention.value.data = static_cast<char*>(c.attention.value.data) + 1; });
  expect_refused("slopes", [](Call& c) { c.attention.slopes.elements = 3; });
  expect_refused("bias", [](Call& c) { c.attention.bias.elements = 3; });
  expect_refused("bias", [](Call& c) { c.attention.bias_dims[1] = 2; });
  expect_refused("dtype", [](Call& c) { c.attention.query.dtype = A4J_BOOL; });
  expect_refused("dtype", [](Call& c) { c.attention.slopes.dtype = A4J_BF16; });
  expect_refused("keys", [](Call& c) { c.attention.keys = -5; });
}

TEST(errors, outputs_that_do_not_fit_or_overlap_themselves) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  a4j_error error{};
  for (int kind = 0; kind < 5; kind++) {
    Call call;
    if (kind == 0) call.out.strides[2] = 0;
    if (kind == 1) call.out.strides[2] = 5;
    if (kind == 2) call.out.elements--;
    if (kind == 3) call.lse.strides[2] = 0;
    if (kind == 4) call.lse.dtype = A4J_I32;
    int32_t code = a4j_attention_forward(context.get(), &call.attention, &call.out, &call.lse, &error);
    check(code == A4J_INVALID_ARGUMENT, "forward accepted a bad output " + std::to_string(kind));
  }
  expect_backward_refused("grad_query", [](Call& c) { c.gradients.grad_query.strides[3] = 0; });
  expect_backward_refused("grad_key", [](Call& c) { c.gradients.grad_key.elements = 1; });
  expect_backward_refused("grad_value", [](Call& c) { c.gradients.grad_value.strides[0] = 1; });
  expect_backward_refused("grad_bias", [](Call& c) { c.gradients.grad_bias.dtype = A4J_BOOL; });
  expect_backward_refused("no bias", [](Call& c) { c.attention.bias.data = nullptr; });
  expect_backward_refused("grad_out", [](Call& c) { c.gradients.grad_out.strides[1] = 1 << 20; });
  expect_backward_refused("lse", [](Call& c) {
    c.gradients.out = c.out;
    c.gradients.lse = c.lse;
    c.gradients.lse.elements = 2;
  });
  expect_backward_refused("struct_size", [](Call& c) { c.gradients.struct_size = 1; });
}

TEST(errors, mask_programs_that_do_not_parse) {
  auto spoil = [](const std::function<void(TestProblem&)>& change) {
    return [change](Call& c) {
      change(c.problem);
      c.attention = c.problem.attention();
    };
  };
  expect_refused("too few operands", spoil([](TestProblem& p) { p.mask.erase(p.mask.begin()); }));
  expect_refused("leaves 2 values", spoil([](TestProblem& p) { p.mask.pop_back(); }));
  expect_refused("unknown op", spoil([](TestProblem& p) { p.mask[0].op = 99; }));
  expect_refused("broadcast", spoil([](TestProblem& p) { p.mask[1].dims[3] = 2; }));
  expect_refused("leaves its memory", spoil([](TestProblem& p) { p.mask[1].tensor.elements = 3; }));
  expect_refused("missing", spoil([](TestProblem& p) { p.mask[1].tensor.data = nullptr; }));
  expect_refused("bool", spoil([](TestProblem& p) { p.mask[1].tensor.dtype = A4J_F32; }));
  expect_refused("nodes are missing", [](Call& c) { c.attention.mask = nullptr; });
  expect_refused("nodes", [](Call& c) { c.attention.mask_nodes = -1; });
  expect_refused("nodes", [](Call& c) { c.attention.mask_nodes = 5000; });
  auto deep = [](TestProblem& p) {
    a4j_mask_node all{};
    a4j_mask_node both{};
    both.op = A4J_MASK_AND;
    p.mask.assign(65, all);
    p.mask.insert(p.mask.end(), 64, both);
  };
  expect_refused("more than 64", spoil(deep), A4J_UNSUPPORTED);
}

TEST(errors, null_arguments) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  Call call;
  a4j_error error{};
  check(a4j_attention_forward(nullptr, &call.attention, &call.out, &call.lse, &error) != A4J_OK,
        "no context");
  check(a4j_attention_forward(context.get(), nullptr, &call.out, &call.lse, &error) != A4J_OK, "no problem");
  check(a4j_attention_forward(context.get(), &call.attention, nullptr, &call.lse, &error) != A4J_OK,
        "no out");
  check(a4j_attention_forward(context.get(), nullptr, nullptr, nullptr, nullptr) != A4J_OK, "no error");
  check(a4j_attention_backward(nullptr, &call.attention, &call.gradients, &error) != A4J_OK, "no context");
  check(a4j_attention_backward(context.get(), &call.attention, nullptr, &error) != A4J_OK, "no gradients");
  check(a4j_context_create(A4J_ISA_AUTO, 1, nullptr, &error) != A4J_OK, "nowhere to put it");
  check(a4j_context_isa(nullptr) == -1 && a4j_context_threads(nullptr) == 0, "null context");
  a4j_context_destroy(nullptr);
}

// The sanitizers end the process when an allocation fails.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(errors, scratch_that_cannot_be_had_is_reported) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  Call call;
  // Broadcast inputs make a problem of 2^40 rows and more out of almost no memory; its gradients need as many
  // deltas.
  call.attention.batch = int64_t{1} << 38;
  for (a4j_view* view : {&call.attention.query, &call.attention.key, &call.attention.value}) {
    for (int64_t& stride : view->strides) stride = 0;
  }
  call.attention.mask_nodes = 0;
  call.attention.bias.data = nullptr;
  call.gradients = a4j_gradients{};
  call.gradients.struct_size = sizeof(a4j_gradients);
  a4j_error error{};
  int32_t code = a4j_attention_backward(context.get(), &call.attention, &call.gradients, &error);
  check(code == A4J_OUT_OF_MEMORY, std::string("got ") + std::to_string(code) + " " + error.message);
}
#endif
