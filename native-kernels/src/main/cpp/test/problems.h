// A whole attention problem with its memory: from a description to buffers to the C structures.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "buffers.h"

enum class MaskKind {
  kNone,
  kCausal,
  kWindow,
  kCausalWindow,
  kPadding,
  kCausalPadding,
  kPairs,
  kPairsOfHeads,
  kFullyMaskedRows,
  kFilledCache,
  kTree
};
constexpr int kMaskKinds = 11;

enum class BiasKind { kNone, kFull, kPerHead, kPerKey, kPerQuery, kScalar };
constexpr int kBiasKinds = 6;

struct Shape {
  int64_t batch = 1;
  int64_t heads = 1;
  int64_t key_heads = 1;
  int64_t queries = 1;
  int64_t keys = 1;
  int64_t key_dim = 8;
  int64_t value_dim = 8;
  int64_t start = 0;
};

struct Features {
  int32_t dtype = A4J_F32;
  Layout layout = Layout::kDense;
  MaskKind mask = MaskKind::kNone;
  BiasKind bias = BiasKind::kNone;
  bool alibi = false;
  double softcap = 0;
  double scale = 0;  // 0: 1/sqrt(key_dim)
  double spread = 1;
  double dropout = 0;
  int64_t dropout_seed = 0;
  int64_t dropout_site = 0;
};

class TestProblem {
 public:
  TestProblem(const Shape& shape, const Features& features, uint32_t seed);

  std::string description() const;
  a4j_attention attention() const;
  Dims out_dims() const { return {shape.batch, shape.heads, shape.queries, shape.value_dim}; }
  Dims lse_dims() const { return {shape.batch, shape.heads, shape.queries, 1}; }
  bool guards_intact() const;

  Shape shape;
  Features features;
  uint32_t seed;
  double scale;
  Buffer query, key, value, grad_out, grad_lse;
  std::unique_ptr<Buffer> slopes, bias;
  std::vector<std::unique_ptr<Buffer>> mask_tensors;
  std::vector<a4j_mask_node> mask;
  std::vector<const Buffer*> mask_buffers;  // by node; null for the others

 private:
  void add_mask_node(int32_t op, int64_t left = 0, int64_t right = 0);
  Buffer& add_mask_tensor(Dims dims);
  void build_mask(std::mt19937& random);
};

struct ContextDeleter {
  void operator()(a4j_context* context) const { a4j_context_destroy(context); }
};
using Context = std::unique_ptr<a4j_context, ContextDeleter>;

Context make_context(int32_t isa, int32_t threads);
std::vector<int32_t> available_isas();

/** The kernel's results for a problem. */
struct Results {
  explicit Results(const TestProblem& problem);
  /** With an output of another type than the problem's. */
  Results(const TestProblem& problem, int32_t out_dtype);

  bool guards_intact() const;
  void forward(a4j_context* context, const TestProblem& problem);
  /** With `saved`, from the forward results; else the kernel computes them again. */
  void backward(a4j_context* context, const TestProblem& problem, bool saved, bool with_grad_lse);

  Buffer out, lse, grad_query, grad_key, grad_value;
  std::unique_ptr<Buffer> grad_bias;
};
