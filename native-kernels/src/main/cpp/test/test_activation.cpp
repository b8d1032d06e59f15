// Activations and their slopes against the formulas in double precision.
#include <cmath>
#include <cstring>
#include <limits>

#include "check.h"
#include "naive.h"

namespace {

struct Exact {
  double y;
  double slope;
};

Exact exact(int32_t activation, double x) {
  constexpr double kRootOfTwoPi = 2.5066282746310002;
  if (activation == A4J_GELU) {
    double share = std::erfc(-x / std::sqrt(2.0)) / 2;
    return {x * share, share + x * std::exp(-x * x / 2) / kRootOfTwoPi};
  }
  double inner = x;
  double slope = 1;
  if (activation == A4J_GELU_TANH) {
    double twice = 4 / kRootOfTwoPi;  // 2 sqrt(2 / pi)
    inner = twice * (x + 0.044715 * x * x * x);
    slope = twice * (1 + 3 * 0.044715 * x * x);
  }
  double share = 1 / (1 + std::exp(-inner));
  double other = 1 / (1 + std::exp(inner));
  return {x * share, share + x * share * other * slope};
}

std::vector<float> arguments() {
  std::vector<float> all = {0.0F,   -0.0F,  1e-30F,  -1e-30F, 1e-40F, 1e-4F,
                            -1e-4F, 100.0F, -100.0F, 1e10F,   -1e10F};
  for (int i = -3000; i <= 3000; i++) all.push_back(static_cast<float>(i) * 0.005F);
  while (all.size() < 40001) all.push_back(all[all.size() - 6000] + 1e-3F);
  return all;
}

}  // namespace

TEST(activation, values_and_slopes_are_those_of_the_formula) {
  const std::vector<float> x = arguments();
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 2);
    for (int32_t activation : {A4J_GELU, A4J_GELU_TANH, A4J_SILU}) {
      std::vector<float> y(x.size()), slope(x.size());
      a4j_error error{};
      check(a4j_activation_forward(context.get(), activation, x.data(), y.data(), slope.data(),
                                   static_cast<int64_t>(x.size()), &error) == A4J_OK,
            error.message);
      for (size_t i = 0; i < x.size(); i++) {
        Exact want = exact(activation, static_cast<double>(x[i]));
        std::string at = "activation " + std::to_string(activation) + " of " + std::to_string(x[i]);
        double scale = std::abs(static_cast<double>(x[i]));
        check(std::abs(static_cast<double>(y[i]) - want.y) <=
                  2e-7 * std::min(scale, 1.0) + 2e-7 * std::abs(want.y),
              at + ": y is " + std::to_string(y[i]));
        check(std::abs(static_cast<double>(slope[i]) - want.slope) <= 1e-6,
              at + ": slope is " + std::to_string(slope[i]));
      }
    }
  }
}

TEST(activation, any_count_in_place_and_nothing_beyond_the_end) {
  const std::vector<float> x = arguments();
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 2);
    std::vector<float> all(x.size()), slopes(x.size());
    a4j_error error{};
    check(a4j_activation_forward(context.get(), A4J_GELU, x.data(), all.data(), slopes.data(),
                                 static_cast<int64_t>(x.size()), &error) == A4J_OK,
          error.message);
    for (size_t count : {size_t{0}, size_t{1}, size_t{15}, size_t{33}, size_t{16385}, size_t{40001}}) {
      std::vector<float> y(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(count));
      std::vector<float> slope(count + 1, -7.0F);
      y.push_back(-7.0F);
      check(a4j_activation_forward(context.get(), A4J_GELU, y.data(), y.data(), slope.data(),
                                   static_cast<int64_t>(count), &error) == A4J_OK,
            error.message);
      check(std::memcmp(y.data(), all.data(), count * sizeof(float)) == 0, "y");
      check(std::memcmp(slope.data(), slopes.data(), count * sizeof(float)) == 0, "slope");
      check(y[count] == -7.0F && slope[count] == -7.0F, "guard");
    }
  }
}

TEST(activation, infinity_stays_and_nan_is_not_hidden) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 1);
    for (int32_t activation : {A4J_GELU, A4J_GELU_TANH, A4J_SILU}) {
      float x[2] = {kInfinity, std::numeric_limits<float>::quiet_NaN()};
      float y[2];
      float slope[2];
      a4j_error error{};
      check(a4j_activation_forward(context.get(), activation, x, y, slope, 2, &error) == A4J_OK,
            error.message);
      check(y[0] == kInfinity, "f(infinity)");
      check(std::isnan(y[1]) && std::isnan(slope[1]), "NaN");
    }
  }
}

TEST(activation, what_cannot_be_is_refused) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  a4j_error error{};
  float x = 1;
  float y = 0;
  float slope = 0;
  auto refused = [&](a4j_context* in, int32_t activation, const float* from, float* to, float* also,
                     int64_t n) {
    return a4j_activation_forward(in, activation, from, to, also, n, &error) == A4J_INVALID_ARGUMENT;
  };
  check(refused(context.get(), 3, &x, &y, &slope, 1), "3");
  check(refused(context.get(), -1, &x, &y, &slope, 1), "-1");
  check(refused(context.get(), A4J_GELU, nullptr, &y, &slope, 1), "x");
  check(refused(context.get(), A4J_GELU, &x, nullptr, &slope, 1), "y");
  check(refused(context.get(), A4J_GELU, &x, &y, nullptr, 1), "slope");
  check(refused(context.get(), A4J_GELU, &x, &y, &y, 1), "both in one place");
  check(refused(context.get(), A4J_GELU, &x, &y, &slope, -1), "count");
  check(refused(nullptr, A4J_GELU, &x, &y, &slope, 1), "context");
}
