// Products with weights in blocks of 4 and 8 bits.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "blocks.h"

namespace {

std::string name_of(int32_t isa, const a4j_block_product& p) {
  return std::string(a4j_isa_name(isa)) + " " + std::to_string(p.rows) + " x " + std::to_string(p.inputs) +
         " x " + std::to_string(p.outputs) + ", blocks of " + std::to_string(p.block) + ", " +
         std::to_string(p.bits) + " bits";
}

}  // namespace

TEST(blocks, sums_are_those_of_double_loops_for_all_sizes) {
  uint32_t seed = 1;
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 2);
    for (int64_t bits : {4, 8}) {
      for (int64_t rows : {1, 2, 3, 4, 7, 8, 13}) {
        for (int64_t inputs : {1, 31, 32, 72, 300}) {
          for (int64_t outputs : {1, 15, 16, 37}) {
            const int64_t block = int64_t{32} << (seed % 4);
            Blocks blocks(rows, inputs, outputs, block, bits, seed % 3 == 0, seed);
            seed++;
            a4j_error error{};
            check(blocks.run(context.get(), error) == A4J_OK, error.message);
            blocks.check_all(name_of(isa, blocks.problem));
          }
        }
      }
    }
  }
}

TEST(blocks, many_rows_and_wide_matrices_are_shared_by_threads) {
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 3);
    for (int64_t bits : {4, 8}) {
      Blocks tall(500, 64, 33, 32, bits, true, 5);  // more rows than an item has
      Blocks wide(1, 96, 5000, 32, bits, true, 6);
      a4j_error error{};
      for (Blocks* blocks : {&tall, &wide}) {
        check(blocks->run(context.get(), error) == A4J_OK, error.message);
        blocks->check_all(name_of(isa, blocks->problem));
      }
    }
  }
}

TEST(blocks, a_row_is_the_same_alone_among_others_and_on_any_number_of_threads) {
  for (int32_t isa : available_isas()) {
    Context one = make_context(isa, 1), four = make_context(isa, 4);
    for (int64_t bits : {4, 8}) {
      Blocks all(29, 300, 200, 32, bits, true, 9);
      a4j_error error{};
      check(all.run(four.get(), error) == A4J_OK, error.message);
      for (int64_t row = 0; row < all.problem.rows; row++) {
        Blocks alone(1, 300, 200, 32, bits, true, 9);
        alone.weights = all.weights;
        alone.bias = all.bias;
        std::copy_n(all.x.begin() + row * 300, 300, alone.x.begin());
        check(alone.run(one.get(), error) == A4J_OK, error.message);
        check(std::equal(alone.y.begin(), alone.y.end() - 1, all.y.begin() + row * 200), "other bits");
      }
    }
  }
}

TEST(blocks, the_largest_sums_do_not_overflow) {
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 1);
    for (int64_t bits : {4, 8}) {
      for (int byte : {0, 255}) {
        Blocks blocks(2, 256, 16, 256, bits, false, 3);
        std::fill(blocks.weights.begin() + 4 * Blocks::kGroup, blocks.weights.end(),
                  static_cast<unsigned char>(byte));
        for (size_t i = 0; i < blocks.x.size(); i++) blocks.x[i] = i < 256 ? 1.0f : -1.0f;
        a4j_error error{};
        check(blocks.run(context.get(), error) == A4J_OK, error.message);
        blocks.check_all(name_of(isa, blocks.problem));
      }
    }
  }
}

TEST(blocks, what_is_not_finite_stays_in_its_row_and_tiny_rows_are_0) {
  const float odd[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity()};
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 1);
    for (float value : odd) {
      Blocks blocks(3, 70, 20, 32, 4, false, 4);
      blocks.x[70 + 69] = value;
      std::fill(blocks.x.begin() + 140, blocks.x.end(), 1e-39f);
      a4j_error error{};
      check(blocks.run(context.get(), error) == A4J_OK, error.message);
      for (size_t o = 0; o < 20; o++) {
        check(std::isfinite(blocks.y[o]) && blocks.y[o] != 0, "the row before");
        check(std::isnan(blocks.y[20 + o]), "the row itself");
        check(blocks.y[40 + o] == 0, "a row of tiny values");
      }
    }
  }
}

TEST(blocks, nothing_times_something_is_the_bias) {
  Context context = make_context(A4J_ISA_AUTO, 2);
  a4j_error error{};
  Blocks no_rows(0, 32, 16, 32, 4, true, 1), no_inputs(2, 0, 5, 32, 8, true, 2),
      no_outputs(2, 32, 0, 32, 4, false, 3);
  for (Blocks* blocks : {&no_rows, &no_inputs, &no_outputs}) {
    check(blocks->run(context.get(), error) == A4J_OK, error.message);
    blocks->check_all("empty");
  }
}

TEST(blocks, what_cannot_be_is_refused) {
  Context context = make_context(A4J_ISA_AUTO, 1);
  a4j_error error{};
  check(a4j_block_products(context.get(), nullptr, &error) == A4J_INVALID_ARGUMENT, "no product");
  auto refused = [&](const char* what, auto change) {
    Blocks blocks(2, 64, 20, 32, 4, true, 1);
    check(blocks.run(context.get(), error) == A4J_OK, error.message);
    std::fill(blocks.y.begin(), blocks.y.end(), Blocks::kGuard);
    change(blocks.problem);
    check(a4j_block_products(context.get(), &blocks.problem, &error) == A4J_INVALID_ARGUMENT, what);
    check(std::all_of(blocks.y.begin(), blocks.y.end(), [](float v) { return v == Blocks::kGuard; }), what);
  };
  using P = a4j_block_product;
  refused("another size of structure", [](P& p) { p.struct_size--; });
  refused("2 bits", [](P& p) { p.bits = 2; });
  refused("8 bits of 4", [](P& p) { p.bits = 8; });
  refused("blocks of 16", [](P& p) { p.block = 16; });
  refused("blocks of 0", [](P& p) { p.block = 0; });
  refused("negative rows", [](P& p) { p.rows = -1; });
  refused("negative inputs", [](P& p) { p.inputs = -64; });
  refused("vast outputs", [](P& p) { p.outputs = INT64_MAX; });
  refused("vast everything", [](P& p) { p.rows = p.inputs = p.outputs = int64_t{1} << 40; });
  refused("more rows than addresses", [](P& p) { p.rows = int64_t{1} << 40, p.outputs = 32; });
  refused("too few weights", [](P& p) { p.weight_bytes--; });
  refused("too many weights", [](P& p) { p.weight_bytes++; });
  refused("no x", [](P& p) { p.x = nullptr; });
  refused("no weights", [](P& p) { p.weights = nullptr; });
  refused("no y", [](P& p) { p.y = nullptr; });
  Blocks blocks(2, 64, 20, 32, 4, true, 1);
  check(blocks.run(nullptr, error) == A4J_INVALID_ARGUMENT, "no context");
}
