// Rows copied between places and element types.
#include <cmath>
#include <cstring>
#include <limits>

#include "buffers.h"
#include "check.h"
#include "problems.h"

namespace {

constexpr int32_t kTypes[] = {A4J_F32, A4J_BF16, A4J_F16};

int32_t copy(a4j_context* context, const Buffer& from, const Buffer& to, a4j_error& error) {
  a4j_view source = from.view();
  a4j_view target = to.view();
  return a4j_copy(context, &source, &target, from.dims().data(), &error);
}

/** What a value is once it has been stored as `dtype`. */
double stored(double value, int32_t dtype) {
  if (dtype == A4J_BF16) return static_cast<double>(bfloat16_value(bfloat16_bits(static_cast<float>(value))));
  if (dtype == A4J_F16) return float16_value(float16_bits(value));
  return value;
}

}  // namespace

TEST(copy, every_type_to_every_other_in_every_layout) {
  std::mt19937 random(1);
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 2);
    for (Dims dims : {Dims{2, 3, 70, 64}, Dims{1, 2, 5, 37}, Dims{1, 1, 1, 1}, Dims{2, 1, 3, 16}}) {
      for (int32_t from_type : kTypes) {
        for (int32_t to_type : kTypes) {
          for (int layout = 0; layout < kLayouts; layout++) {
            Buffer from(dims, from_type, static_cast<Layout>(layout));
            Buffer to(dims, to_type, static_cast<Layout>((layout + 1) % (kLayouts - 1)));
            from.fill_random(random, 3);
            a4j_error error{};
            check(copy(context.get(), from, to, error) == A4J_OK, error.message);
            check(to.guards_intact(), "guards");
            for (int64_t b = 0; b < dims[0]; b++) {
              for (int64_t h = 0; h < dims[1]; h++) {
                for (int64_t t = 0; t < dims[2]; t++) {
                  for (int64_t d = 0; d < dims[3]; d++) {
                    check(to.get(b, h, t, d) == stored(from.get(b, h, t, d), to_type), "a value");
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

TEST(copy, infinity_and_nan_and_tiny_values_stay_what_they_are) {
  const double values[] = {std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(),
                           std::nan(""),
                           -0.0,
                           6e-8,
                           1e-40,
                           65519,
                           65520,
                           3e38};
  const Dims dims{1, 1, 1, 32};  // whole vectors, as what remains of a row goes another way
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 1);
    for (int32_t type : {A4J_BF16, A4J_F16}) {
      Buffer from(dims, A4J_F32);
      Buffer to(dims, type);
      for (int64_t d = 0; d < 32; d++) from.set(0, 0, 0, d, values[d % 9]);
      a4j_error error{};
      check(copy(context.get(), from, to, error) == A4J_OK, error.message);
      for (int64_t d = 0; d < 32; d++) {
        double want = stored(from.get(0, 0, 0, d), type);
        double got = to.get(0, 0, 0, d);
        check(std::isnan(want) ? std::isnan(got) : got == want && std::signbit(got) == std::signbit(want),
              std::to_string(from.get(0, 0, 0, d)) + " became " + std::to_string(got));
      }
    }
  }
}

TEST(copy, what_cannot_be_is_refused) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  Buffer from({1, 2, 3, 8}, A4J_F32);
  Buffer to({1, 2, 3, 8}, A4J_BF16);
  a4j_view source = from.view();
  a4j_view target = to.view();
  a4j_error error{};
  auto refused = [&](a4j_context* in, const a4j_view* a, const a4j_view* b, const int64_t* dims) {
    return a4j_copy(in, a, b, dims, &error) == A4J_INVALID_ARGUMENT;
  };
  const Dims right = from.dims();
  const Dims more{1, 2, 4, 8};
  const Dims negative{1, 2, -3, 8};
  const Dims vast{int64_t{1} << 40, int64_t{1} << 40, 3, 8};
  const Dims none{1, 2, 0, 8};
  check(refused(nullptr, &source, &target, right.data()), "no context");
  check(refused(context.get(), nullptr, &target, right.data()), "no source");
  check(refused(context.get(), &source, nullptr, right.data()), "no target");
  check(refused(context.get(), &source, &target, nullptr), "no sizes");
  check(refused(context.get(), &source, &target, more.data()), "beyond its memory");
  check(refused(context.get(), &source, &target, negative.data()), "a negative size");
  check(refused(context.get(), &source, &target, vast.data()), "too many");
  check(a4j_copy(context.get(), &source, &target, none.data(), &error) == A4J_OK, "nothing to do");
}
