/*
 * attention4j kernels: FlashAttention on the CPU behind a plain C ABI.
 *
 * Semantics are pinned in docs/attention-semantics.md. In short, for one batch entry and head:
 *
 *   s   = scale * (q . k)                      scaled scores, accumulated in f32
 *   s   = softcap * tanh(s / softcap)          if softcap > 0
 *   s   = s - slope[head] * |slot(q) - slot(k)|, then s + bias
 *   s   = -inf where the mask says no
 *   lse = log(sum(exp(s)));  p = exp(s - lse);  p = dropped(p);  out = p v
 *
 * Query i sits in slot query_start + i, key j in slot j. A row that may attend to nothing has
 * output 0, lse -inf and gradient 0. What stands in a masked place (NaN included) has no influence.
 *
 * The method is the blocked online softmax of Dao et al., "FlashAttention" (2022), with the
 * backward pass of "FlashAttention-2" (2023): memory is O(queries + keys), scores exist one tile
 * at a time, and masks are evaluated inside that tile.
 *
 * Dropout draws no random numbers: whether weight n of [batch, heads, queries, keys] falls is a hash
 * of (seed, site, n), see src/kernel/dropout.h. So backward needs nothing from forward but the seed.
 *
 * Every function returns A4J_OK or an error code and then fills in the message; no function lets a
 * C++ exception out or aborts. All functions may be called from any thread; one context may serve
 * several threads at once. Results do not depend on the number of threads.
 */
#ifndef ATTENTION4J_KERNELS_H
#define ATTENTION4J_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(A4J_BUILDING) && (defined(__GNUC__) || defined(__clang__))
#define A4J_API __attribute__((visibility("default")))
#else
#define A4J_API
#endif

/** Raised whenever a structure, a constant or the meaning of a function changes. */
#define A4J_ABI_VERSION 3

/** The largest key or value dimension. */
#define A4J_MAX_HEAD_DIM 256

/** Bytes of the scale behind a row in A4J_I8_ROWS. */
#define A4J_ROW_SCALE_BYTES 4

/** The most values that a mask program may hold on its stack at once. */
#define A4J_MAX_MASK_DEPTH 64

/** The most nodes in a mask program. */
#define A4J_MAX_MASK_NODES 1024

typedef enum a4j_status {
  A4J_OK = 0,
  A4J_INVALID_ARGUMENT = 1,
  A4J_UNSUPPORTED = 2,
  A4J_OUT_OF_MEMORY = 3,
  A4J_INTERNAL = 4
} a4j_status;

/**
 * F16 is IEEE binary16. BOOL is one byte, true if it is not 0. The integers serve as masks only, read
 * like BOOL.
 *
 * I8_ROWS is for rows of [batch, heads, rows, width] that are rounded to 8 bits: `width` signed bytes and,
 * right behind them, one f32 scale (A4J_ROW_SCALE_BYTES, not aligned); an element is its byte times the
 * scale. Strides and offsets count bytes, the last stride is 1, and rows are at least width + 4 apart. Keys
 * and values of the forward pass may be such rows, and both sides of a4j_copy.
 */
typedef enum a4j_dtype {
  A4J_F32 = 0,
  A4J_BF16 = 1,
  A4J_BOOL = 2,
  A4J_I32 = 3,
  A4J_I64 = 4,
  A4J_F16 = 5,
  A4J_I8_ROWS = 6
} a4j_dtype;

/** Instruction sets. SCALAR is plain C++ for the baseline of the architecture. */
typedef enum a4j_isa {
  A4J_ISA_AUTO = -1,
  A4J_ISA_SCALAR = 0,
  A4J_ISA_AVX2 = 1,
  A4J_ISA_AVX512 = 2,
  A4J_ISA_AVX512_BF16 = 3, /**< AVX512 with its products of bf16 pairs and of bytes (VNNI) */
  A4J_ISA_COUNT = 4
} a4j_isa;

/** Functions of one element. */
typedef enum a4j_activation {
  A4J_GELU = 0,      /**< x Phi(x), Phi by the error function (Hendrycks and Gimpel, 2016) */
  A4J_GELU_TANH = 1, /**< its tanh approximation */
  A4J_SILU = 2       /**< x / (1 + e^-x) */
} a4j_activation;

typedef struct a4j_error {
  int32_t code;
  char message[508];
} a4j_error;

/**
 * A strided view of memory that the caller owns. Element [i,j,k,l] lies at
 * data + offset + i*strides[0] + ... + l*strides[3], counted in elements. Strides may be zero or
 * negative for inputs; outputs must not overlap themselves. `elements` is how many elements are
 * readable from `data`: every function checks that the whole view stays inside.
 */
typedef struct a4j_view {
  void* data;
  int64_t elements;
  int64_t offset;
  int64_t strides[4];
  int32_t dtype;
  int32_t reserved;
} a4j_view;

typedef enum a4j_mask_op {
  A4J_MASK_ALL = 0,    /**< pushes: every pair */
  A4J_MASK_CAUSAL = 1, /**< pushes: slot(k) <= slot(q) */
  A4J_MASK_WINDOW = 2, /**< pushes: slot(q) - left < slot(k) <= slot(q) + right */
  A4J_MASK_TENSOR = 3, /**< pushes: a view, true or not 0 = attend */
  A4J_MASK_AND = 4,    /**< pops two, pushes both */
  A4J_MASK_OR = 5,     /**< pops two, pushes either */
  A4J_MASK_NOT = 6,    /**< pops one, pushes its opposite */
  A4J_MASK_RANGE = 7   /**< pushes: left <= slot(k) < right */
} a4j_mask_op;

/**
 * One node of a mask program: the mask's expression tree in postfix order. A program leaves exactly
 * one value. A tensor has dims [batch|1, heads|1, queries|1, keys|1] in bool, i32 or i64.
 */
typedef struct a4j_mask_node {
  int32_t op;
  int32_t reserved;
  int64_t left;
  int64_t right;
  int64_t dims[4];
  a4j_view tensor;
} a4j_mask_node;

/** One attention problem. Optional views are absent when their data is NULL. */
typedef struct a4j_attention {
  uint64_t struct_size; /**< sizeof(a4j_attention) */
  int64_t batch;
  int64_t heads;     /**< query heads */
  int64_t key_heads; /**< divides heads; query head h reads key head h / (heads / key_heads) */
  int64_t queries;
  int64_t keys;
  int64_t key_dim;   /**< 1 .. A4J_MAX_HEAD_DIM */
  int64_t value_dim; /**< 1 .. A4J_MAX_HEAD_DIM */
  int64_t query_start;
  double scale;
  double softcap;       /**< 0 = none */
  a4j_view query;       /**< [batch, heads, queries, key_dim]; f32, bf16 or f16 */
  a4j_view key;         /**< [batch, key_heads, keys, key_dim]; also I8_ROWS where only forward runs */
  a4j_view value;       /**< [batch, key_heads, keys, value_dim]; likewise */
  a4j_view slopes;      /**< optional ALiBi slopes [1, heads, 1, 1], f32 (Press et al., 2022) */
  a4j_view bias;        /**< optional; f32, bf16 or f16, with bias_dims */
  int64_t bias_dims[4]; /**< [batch|1, heads|1, queries|1, keys|1] */
  const a4j_mask_node* mask;
  int64_t mask_nodes;   /**< 0 = every pair */
  double dropout;       /**< probability that a weight is dropped, from 0 (none) to less than 1 */
  int64_t dropout_seed; /**< chooses the mask, with the site */
  int64_t dropout_site; /**< tells several masks of one seed apart */
} a4j_attention;

/** What the backward pass reads and writes. Each gradient is written, not added to. */
typedef struct a4j_gradients {
  uint64_t struct_size; /**< sizeof(a4j_gradients) */
  a4j_view out;         /**< optional: the forward result; recomputed if it or lse is absent, or if its
                             16 bits would show in the gradients: best in f32, whatever the query is */
  a4j_view lse;         /**< optional: the forward result; in 16 bits it costs accuracy */
  a4j_view grad_out;    /**< optional (absent = 0): [batch, heads, queries, value_dim] */
  a4j_view grad_lse;    /**< optional (absent = 0): [batch, heads, queries, 1] */
  a4j_view grad_query;  /**< optional result, shaped like query */
  a4j_view grad_key;    /**< optional result, shaped like key, summed over the group's heads */
  a4j_view grad_value;  /**< optional result, shaped like value, summed over the group's heads */
  a4j_view grad_bias;   /**< optional result, bias_dims, summed over broadcast axes */
} a4j_gradients;

/**
 * Rows times a matrix W [outputs, inputs] of few bits, all dense: y = x W^T + bias. x is rounded to 8 bits,
 * 32 inputs sharing the scale max |x| / 127; a row that holds a NaN or an infinity gives NaN.
 *
 * `weights` is [ceil(outputs / 16), ceil(inputs / block)] pieces in the order in which they are read, each of
 * them the 16 outputs' scales in f32, in the machine's byte order, and then 16 * block weights of `bits`
 * bits. A weight is (q - 2^(bits - 1)) times its scale. In 8 bits, byte 64 i + 4 o + j behind the scales is q
 * of output o and input 4 i + j; in 4 bits, its lower half is that of input 8 i + j and its upper half that
 * of input 8 i + 4 + j. Beyond the last output scales are 0, and beyond the last input q is anything.
 */
typedef struct a4j_block_product {
  uint64_t struct_size; /**< sizeof(a4j_block_product) */
  int64_t rows;
  int64_t inputs;
  int64_t outputs;
  int64_t block;  /**< inputs that share a scale: 32, 64, 128 or 256 */
  int64_t bits;   /**< 4 or 8 */
  const float* x; /**< [rows, inputs] */
  const void* weights;
  int64_t weight_bytes;
  const float* bias; /**< [outputs], or NULL */
  float* y;          /**< [rows, outputs]; overlaps no operand */
} a4j_block_product;

/** An instruction set and a pool of threads, created once and used for many calls. */
typedef struct a4j_context a4j_context;

/** A4J_ABI_VERSION as the library was built. */
A4J_API int32_t a4j_abi_version(void);

/** The library's version, as in its file name. */
A4J_API const char* a4j_version(void);

/** "scalar", "avx2", "avx512", "avx512-bf16"; NULL for a value that names none. */
A4J_API const char* a4j_isa_name(int32_t isa);

/** 1 if this library has the code and this machine can run it, else 0. */
A4J_API int32_t a4j_isa_available(int32_t isa);

/**
 * Creates a context. `isa` A4J_ISA_AUTO takes the widest one available; any other must be
 * available. `threads` 0 takes one per processor; the calling thread counts as one.
 */
A4J_API int32_t a4j_context_create(int32_t isa, int32_t threads, a4j_context** context, a4j_error* error);

/** Ends the context's threads. No call may be using it. NULL is ignored. */
A4J_API void a4j_context_destroy(a4j_context* context);

/** The instruction set that the context runs: never A4J_ISA_AUTO; -1 for NULL. */
A4J_API int32_t a4j_context_isa(const a4j_context* context);

/** The number of threads, the caller's included; 0 for NULL. */
A4J_API int32_t a4j_context_threads(const a4j_context* context);

/**
 * out = attention(problem), [batch, heads, queries, value_dim]; lse [batch, heads, queries, 1] may
 * be NULL. Both in f32, bf16 or f16. Outputs must not overlap inputs.
 */
A4J_API int32_t a4j_attention_forward(a4j_context* context, const a4j_attention* problem, const a4j_view* out,
                                      const a4j_view* lse, a4j_error* error);

/** The gradients of the forward pass. Outputs must not overlap inputs. */
A4J_API int32_t a4j_attention_backward(a4j_context* context, const a4j_attention* problem,
                                       const a4j_gradients* gradients, a4j_error* error);

/**
 * y = added + x * (0 or 1 / (1 - probability)), dense f32: element n falls as weight n of attention
 * with this seed and site would. `added` may be NULL; y may be x or added. This is its own gradient.
 */
A4J_API int32_t a4j_dropout(a4j_context* context, const float* x, const float* added, float* y, int64_t count,
                            double probability, int64_t seed, int64_t site, a4j_error* error);

/**
 * y = f(x) and slope = f'(x), dense f32: the gradient of x is that of y times the slope. y or slope may
 * be x, but not each other. Errors are below 2e-7 of y, and of the slope's largest terms.
 */
A4J_API int32_t a4j_activation_forward(a4j_context* context, int32_t activation, const float* x, float* y,
                                       float* slope, int64_t count, a4j_error* error);

/**
 * to = from for views of `dims` [batch, heads, rows, width], each in f32, bf16, f16 or I8_ROWS: rounded to
 * nearest, ties to even, where `to` has fewer bits. They must not overlap. A row becomes I8_ROWS with the
 * scale max |x| / 127, so each element is off by at most max |x| / 254 and what f32 rounds; if that maximum
 * is below 1e-35 all are 0, and a row that holds a NaN or an infinity is NaN as a whole.
 */
A4J_API int32_t a4j_copy(a4j_context* context, const a4j_view* from, const a4j_view* to, const int64_t* dims,
                         a4j_error* error);

/** y = x W^T + bias. Rows and outputs do not depend on each other, nor on the number of rows or threads. */
A4J_API int32_t a4j_block_products(a4j_context* context, const a4j_block_product* product, a4j_error* error);

/**
 * Runs a small problem forward and backward on every available instruction set and compares it with
 * a plain double-precision computation. Takes well under a millisecond each.
 */
A4J_API int32_t a4j_self_test(a4j_error* error);

/**
 * The instruction set of the operators that ONNX Runtime loads from this library (its exported function
 * RegisterCustomOps), for nodes created from now on. A4J_UNSUPPORTED if it is not available.
 */
A4J_API int32_t a4j_onnxruntime_isa(int32_t isa);

#ifdef __cplusplus
}
#endif
#endif
