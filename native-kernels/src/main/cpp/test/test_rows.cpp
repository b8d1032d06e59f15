// Rows of 8 bits with their scale behind them, as keys and values of the forward pass and as copies.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "check.h"
#include "naive.h"

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/** Memory of [batch, heads, rows, width] that ends with the last row's scale, for a sanitizer's sake. */
class RowMemory {
 public:
  RowMemory(Dims dims, int64_t gap, bool time_first) : dims_(dims) {
    const int64_t row = dims[3] + A4J_ROW_SCALE_BYTES + gap;
    strides_ = time_first ? Dims{dims[1] * dims[2] * row, row, dims[1] * row, 1}
                          : Dims{dims[1] * dims[2] * row, dims[2] * row, row, 1};
    bytes_ = dims[0] * dims[1] * dims[2] * row - gap;
    memory_.reset(new int8_t[static_cast<size_t>(bytes_)]);
    std::memset(memory_.get(), 0x7f, static_cast<size_t>(bytes_));  // gaps keep it
  }

  a4j_view view() const {
    a4j_view view{};
    view.data = memory_.get();
    view.elements = bytes_;
    std::copy(strides_.begin(), strides_.end(), view.strides);
    view.dtype = A4J_I8_ROWS;
    return view;
  }

  const int8_t* row(int64_t b, int64_t h, int64_t t) const {
    return memory_.get() + b * strides_[0] + h * strides_[1] + t * strides_[2];
  }

  float scale(int64_t b, int64_t h, int64_t t) const {
    float scale;
    std::memcpy(&scale, row(b, h, t) + dims_[3], sizeof scale);
    return scale;
  }

  /** Whether nothing but rows was written. */
  bool gaps_intact() const {
    std::vector<bool> own(static_cast<size_t>(bytes_));
    for_each_row(dims_, [&](int64_t b, int64_t h, int64_t t) {
      std::fill_n(own.begin() + (row(b, h, t) - memory_.get()), dims_[3] + A4J_ROW_SCALE_BYTES, true);
    });
    for (size_t i = 0; i < own.size(); i++) {
      if (!own[i] && memory_[i] != 0x7f) return false;
    }
    return true;
  }

  template <class Body>
  static void for_each_row(const Dims& dims, Body body) {
    for (int64_t b = 0; b < dims[0]; b++) {
      for (int64_t h = 0; h < dims[1]; h++) {
        for (int64_t t = 0; t < dims[2]; t++) body(b, h, t);
      }
    }
  }

 private:
  Dims dims_;
  Dims strides_;
  int64_t bytes_;
  std::unique_ptr<int8_t[]> memory_;
};

void copy(a4j_context* context, const a4j_view& from, const a4j_view& to, const Dims& dims) {
  a4j_error error{};
  check(a4j_copy(context, &from, &to, dims.data(), &error) == A4J_OK, error.message);
}

double largest_of(const Buffer& from, int64_t b, int64_t h, int64_t t) {
  double largest = 0;
  for (int64_t d = 0; d < from.dims()[3]; d++) largest = std::max(largest, std::abs(from.get(b, h, t, d)));
  return largest;
}

/** A problem whose keys and values have been rounded to bytes, and then read back for the book's sake. */
struct RoundedProblem {
  RoundedProblem(const Shape& shape, const Features& features, uint32_t seed)
      : problem(shape, features, seed),
        key(problem.key.dims(), seed % 3, seed % 2 == 0),
        value(problem.value.dims(), seed % 5, seed % 2 == 0) {
    Context context = make_context(A4J_ISA_SCALAR, 1);
    round(context.get());
  }

  void round(a4j_context* context) {
    copy(context, problem.key.view(), key.view(), problem.key.dims());
    copy(context, problem.value.view(), value.view(), problem.value.dims());
    copy(context, key.view(), problem.key.view(), problem.key.dims());
    copy(context, value.view(), problem.value.view(), problem.value.dims());
  }

  a4j_attention attention() const {
    a4j_attention result = problem.attention();
    result.key = key.view();
    result.value = value.view();
    return result;
  }

  void check_forward(const std::string& why) {
    Expected expected = naive(problem, false);
    for (int32_t isa : available_isas()) {
      Context context = make_context(isa, 1 + static_cast<int>(problem.seed % 3));
      std::string what = why + " " + a4j_isa_name(isa) + " " + problem.description() + " ";
      Results results(problem);
      a4j_attention call = attention();
      a4j_view out = results.out.view(), lse = results.lse.view();
      a4j_error error{};
      int32_t code = a4j_attention_forward(context.get(), &call, &out, &lse, &error);
      check(code == A4J_OK, what + error.message);
      double keys = problem.features.alibi ? static_cast<double>(problem.shape.keys) : 2;
      bool integers = isa == A4J_ISA_AVX512_BF16;  // rounds queries and weights to 16 bits
      double most = (6 + keys) * 5e-7 + (integers ? 1e-4 : 0);
      check_close(what + "out", expected.out, results.out, most, 0);
      check_close(what + "lse", expected.lse, results.lse, most, 1e-6);
      check(results.guards_intact(), what + "wrote beyond a buffer");
    }
  }

  TestProblem problem;
  RowMemory key, value;
};

Shape shape_of(int64_t heads, int64_t key_heads, int64_t queries, int64_t keys, int64_t dim) {
  Shape shape;
  shape.batch = 2;
  shape.heads = heads;
  shape.key_heads = key_heads;
  shape.queries = queries;
  shape.keys = keys;
  shape.key_dim = dim;
  shape.value_dim = dim;
  shape.start = keys - queries;
  return shape;
}

}  // namespace

TEST(rows, a_round_trip_is_off_by_half_a_step_of_each_row) {
  std::mt19937 random(11);
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 2);
    for (Dims dims :
         {Dims{2, 3, 70, 64}, Dims{1, 2, 5, 37}, Dims{1, 1, 1, 1}, Dims{2, 1, 3, 16}, Dims{1, 1, 2, 300}}) {
      for (int32_t type : {A4J_F32, A4J_BF16, A4J_F16}) {
        for (int layout = 0; layout < kLayouts; layout++) {
          Buffer from(dims, type, static_cast<Layout>(layout));
          Buffer back(dims, A4J_F32, static_cast<Layout>((layout + 1) % (kLayouts - 1)));
          RowMemory rows(dims, layout, layout % 2 == 1), same(dims, 1, false);
          from.fill_random(random, 3);
          copy(context.get(), from.view(), rows.view(), dims);
          copy(context.get(), rows.view(), same.view(), dims);
          copy(context.get(), same.view(), back.view(), dims);
          check(rows.gaps_intact() && same.gaps_intact() && back.guards_intact(), "wrote beyond a row");
          RowMemory::for_each_row(dims, [&](int64_t b, int64_t h, int64_t t) {
            double largest = largest_of(from, b, h, t);
            check(std::abs(rows.scale(b, h, t) * 127.0 / largest - 1) < 1e-6, "the scale");
            bool full = false;
            for (int64_t d = 0; d < dims[3]; d++) {
              double error = std::abs(back.get(b, h, t, d) - from.get(b, h, t, d));
              check(error <= largest / 254 * (1 + 1e-4), "off by " + std::to_string(error / largest));
              full |= std::abs(int{rows.row(b, h, t)[d]}) == 127;
              check(rows.row(b, h, t)[d] != -128, "beyond the largest");
            }
            check(full, "the largest element has the largest byte");
          });
        }
      }
    }
  }
}

TEST(rows, what_is_not_finite_makes_its_row_nan_and_what_is_tiny_makes_it_zero) {
  const Dims dims{1, 1, 6, 37};
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 1);
    for (int64_t place : {0, 20, 36}) {
      Buffer from(dims, A4J_F32), back(dims, A4J_F32);
      from.fill(2);
      from.set(0, 0, 1, place, kNan);
      from.set(0, 0, 2, place, kInfinity);
      from.set(0, 0, 3, place, -kInfinity);
      for (int64_t d = 0; d < 37; d++) from.set(0, 0, 4, d, d == place ? 9e-36 : 1e-40);
      from.set(0, 0, 5, place, 3.4e38);
      RowMemory rows(dims, 0, false);
      copy(context.get(), from.view(), rows.view(), dims);
      copy(context.get(), rows.view(), back.view(), dims);
      for (int64_t d = 0; d < 37; d++) {
        check(std::abs(back.get(0, 0, 0, d) - 2) < 1e-6, "a row beside them");
        for (int64_t t = 1; t <= 3; t++) check(std::isnan(back.get(0, 0, t, d)), "not finite");
        check(back.get(0, 0, 4, d) == 0, "tiny");
        check(d == place ? std::abs(back.get(0, 0, 5, d) / 3.4e38 - 1) < 1e-6 : back.get(0, 0, 5, d) == 0,
              "the largest numbers");
      }
    }
  }
}

TEST(rows, attention_over_them_is_that_over_what_they_stand_for) {
  uint32_t seed = 4000;
  for (int64_t queries : {1, 2, 4, 5, 33}) {
    for (int64_t keys : {33, 64, 255, 257, 700}) {
      for (int64_t dim : {64, 20, 131}) {
        int64_t key_heads = seed % 2 == 0 ? 2 : 4;
        Features features;
        features.mask = static_cast<MaskKind>(seed % kMaskKinds);
        features.bias = seed % 4 == 0 ? static_cast<BiasKind>(seed / 4 % kBiasKinds) : BiasKind::kNone;
        features.alibi = seed % 7 == 0;
        features.softcap = seed % 5 == 0 ? 2 : 0;
        RoundedProblem(shape_of(4, key_heads, queries, keys, dim), features, seed).check_forward("rows");
        seed++;
      }
    }
  }
}

TEST(rows, heads_that_share_keys_and_other_widths_of_values) {
  uint32_t seed = 4200;
  for (int64_t queries : {1, 3, 20}) {
    for (int64_t dim : {8, 17, 96, 256}) {
      Shape shape = shape_of(16, 2, queries, 300, dim);
      shape.value_dim = dim == 17 ? 1 : dim / 2 + 1;
      Features features;
      features.mask = MaskKind::kCausalWindow;
      RoundedProblem(shape, features, seed++).check_forward("widths");
    }
  }
  Features features;
  features.scale = -0.25;
  RoundedProblem(shape_of(2, 2, 1, 100, 64), features, seed++).check_forward("a negative scale");
  features.dtype = A4J_BF16;  // of the query and the output
  for (int64_t queries : {1, 40}) {
    Shape shape = shape_of(2, 1, queries, 300, 64);
    RoundedProblem rows(shape, features, seed++);
    a4j_attention call = rows.attention();
    Results results(rows.problem);
    a4j_view out = results.out.view();
    a4j_error error{};
    Context context = make_context(A4J_ISA_AUTO, 1);
    check(a4j_attention_forward(context.get(), &call, &out, nullptr, &error) == A4J_OK, error.message);
  }
}

TEST(rows, a_masked_row_that_is_nan_has_no_influence_and_an_attended_one_is_seen) {
  for (int64_t queries : {1, 20}) {
    Features features;
    features.mask = MaskKind::kCausal;
    Shape shape = shape_of(2, 2, queries, 300, 64);
    shape.start = 100;  // the later keys are hidden
    RoundedProblem rows(shape, features, 4300);
    for (int64_t h = 0; h < 2; h++) {
      rows.problem.key.set(0, h, 250, 3, kNan);
      rows.problem.value.set(0, h, 251, 3, kInfinity);
      rows.problem.value.set(0, h, 100 + queries, 3, kNan);  // next to the last that is seen
    }
    Context context = make_context(A4J_ISA_AUTO, 1);
    rows.round(context.get());
    rows.check_forward("masked NaN");
    rows.problem.value.set(0, 0, 7, 3, kNan);
    rows.round(context.get());
    Results results(rows.problem);
    a4j_attention call = rows.attention();
    a4j_view out = results.out.view();
    a4j_error error{};
    check(a4j_attention_forward(context.get(), &call, &out, nullptr, &error) == A4J_OK, error.message);
    for (int64_t d = 0; d < 64; d++) {
      check(std::isnan(results.out.get(0, 0, 0, d)), "hidden");
      check(!std::isnan(results.out.get(0, 1, 0, d)), "in another head");
    }
  }
}

TEST(rows, rounding_changes_attention_by_no_more_than_steps_of_its_rows) {
  // Each weight moves by at most a factor e^(2 s), s the largest error of a score, and values by a half step.
  uint32_t seed = 4400;
  for (int64_t queries : {1, 40}) {
    Features features;
    features.mask = MaskKind::kCausal;
    Shape shape = shape_of(4, 2, queries, 500, 64);
    TestProblem exact(shape, features, seed);
    Expected truth = naive(exact, false);
    RoundedProblem rows(shape, features, seed);
    Results results(rows.problem);
    a4j_attention call = rows.attention();
    a4j_view out = results.out.view();
    a4j_error error{};
    Context context = make_context(A4J_ISA_AUTO, 1);
    check(a4j_attention_forward(context.get(), &call, &out, nullptr, &error) == A4J_OK, error.message);
    double score_error = 0, value_error = 0, largest_value = 0;
    RowMemory::for_each_row(exact.key.dims(), [&](int64_t b, int64_t h, int64_t t) {
      double sum = 0;
      for (int64_t d = 0; d < 64; d++) sum += std::abs(exact.query.get(b, 2 * h, t % queries, d));
      score_error = std::max(score_error, exact.scale * 4 * sum * largest_of(exact.key, b, h, t) / 254);
      value_error = std::max(value_error, largest_of(exact.value, b, h, t) / 254);
      largest_value = std::max(largest_value, largest_of(exact.value, b, h, t));
    });
    double bound = largest_value * (std::exp(2 * score_error) - 1) + value_error;
    double worst = 0, mean = 0;
    for (int64_t h = 0; h < 4; h++) {
      for (int64_t i = 0; i < queries; i++) {
        for (int64_t d = 0; d < 64; d++) {
          double off = std::abs(results.out.get(0, h, i, d) - truth.out.at(0, h, i, d));
          worst = std::max(worst, off);
          mean += off / static_cast<double>(4 * queries * 64);
        }
      }
    }
    check(worst > 0 && worst < bound, std::to_string(worst) + " is beyond " + std::to_string(bound));
    check(mean < value_error / 4, "errors do not average out: " + std::to_string(mean));
    seed++;
  }
}

TEST(rows, what_cannot_be_is_refused) {
  Shape shape = shape_of(2, 2, 1, 10, 8);
  RoundedProblem rows(shape, Features{}, 4500);
  Results results(rows.problem);
  Context context = make_context(A4J_ISA_AUTO, 1);
  a4j_view out = results.out.view();
  auto refused = [&](const char* part, auto spoil) {
    a4j_attention call = rows.attention();
    spoil(call);
    a4j_error error{};
    check(a4j_attention_forward(context.get(), &call, &out, nullptr, &error) == A4J_INVALID_ARGUMENT, part);
    check(std::strstr(error.message, part) != nullptr, std::string(part) + " is not in " + error.message);
  };
  refused("key: shape", [](a4j_attention& call) { call.key.elements--; });
  refused("value: shape", [](a4j_attention& call) { call.value.offset = 1; });
  refused("bytes of a row are neighbours", [](a4j_attention& call) { call.key.strides[3] = 2; });
  refused("bytes of a row are neighbours", [](a4j_attention& call) { call.value.strides[3] = 0; });
  refused("query has dtype 6", [](a4j_attention& call) { call.query.dtype = A4J_I8_ROWS; });
  out.dtype = A4J_I8_ROWS;
  refused("out has dtype 6", [](a4j_attention&) {});

  a4j_gradients gradients{};
  gradients.struct_size = sizeof gradients;
  a4j_attention call = rows.attention();
  a4j_error error{};
  check(a4j_attention_backward(context.get(), &call, &gradients, &error) == A4J_UNSUPPORTED, "gradients");

  const Dims dims = rows.problem.key.dims();
  a4j_view from = rows.problem.key.view(), to = rows.key.view();
  to.strides[2] = 11;  // 8 bytes and the scale are 12
  check(a4j_copy(context.get(), &from, &to, dims.data(), &error) == A4J_INVALID_ARGUMENT, "rows overlap");
  to = rows.key.view();
  to.elements--;
  check(a4j_copy(context.get(), &from, &to, dims.data(), &error) == A4J_INVALID_ARGUMENT,
        "a byte is missing");
}
