// A product with weights in blocks of 4 or 8 bits, for tests and fuzzing.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "check.h"
#include "problems.h"

/** A product with random weights in the format of a4j_block_product, and what it should give. */
struct Blocks {
  static constexpr float kGuard = 12345;
  static constexpr int64_t kGroup = 16;
  static constexpr int64_t kStep = 32;

  Blocks(int64_t rows, int64_t inputs, int64_t outputs, int64_t block, int64_t bits, bool biased,
         uint32_t seed)
      : random(seed), x(static_cast<size_t>(rows * inputs)), y(static_cast<size_t>(rows * outputs + 1)) {
    problem.struct_size = sizeof problem;
    problem.rows = rows;
    problem.inputs = inputs;
    problem.outputs = outputs;
    problem.block = block;
    problem.bits = bits;
    blocks = (inputs + block - 1) / block;
    std::normal_distribution<float> normal;
    for (float& value : x) value = normal(random);
    if (biased) {
      bias.resize(static_cast<size_t>(outputs));
      for (float& value : bias) value = normal(random);
    }
    fill_weights();
    std::fill(y.begin(), y.end(), kGuard);
  }

  int64_t piece_bytes() const { return kGroup * (4 + problem.block * problem.bits / 8); }

  /** Bytes are all there can be; scales beyond the outputs are 0. */
  void fill_weights() {
    const int64_t groups = (problem.outputs + kGroup - 1) / kGroup;
    weights.resize(static_cast<size_t>(groups * blocks * piece_bytes()));
    std::uniform_real_distribution<float> scales(-0.1f, 0.1f);
    for (unsigned char& byte : weights) byte = static_cast<unsigned char>(random());
    for (int64_t piece = 0; piece < groups * blocks; piece++) {
      for (int64_t o = 0; o < kGroup; o++) {
        float scale = piece / blocks * kGroup + o < problem.outputs ? scales(random) : 0;
        std::memcpy(&weights[static_cast<size_t>(piece * piece_bytes() + 4 * o)], &scale, sizeof scale);
      }
    }
  }

  double weight(int64_t output, int64_t input) const {
    const unsigned char* piece =
        &weights[static_cast<size_t>((output / kGroup * blocks + input / problem.block) * piece_bytes())];
    const int64_t o = output % kGroup, i = input % problem.block;
    float scale;
    std::memcpy(&scale, piece + 4 * o, sizeof scale);
    const unsigned char* bytes = piece + 4 * kGroup + 4 * o;
    if (problem.bits == 8) return (bytes[64 * (i / 4) + i % 4] - 128) * static_cast<double>(scale);
    const int both = bytes[64 * (i / 8) + i % 4];
    return ((i % 8 < 4 ? both & 15 : both >> 4) - 8) * static_cast<double>(scale);
  }

  /** x as it is rounded to bytes. */
  double rounded(int64_t row, int64_t input) const {
    const float* line = &x[static_cast<size_t>(row * problem.inputs)];
    float largest = 0;
    for (int64_t i = input / kStep * kStep; i < std::min(problem.inputs, (input / kStep + 1) * kStep); i++) {
      largest = std::max(largest, std::fabs(line[i]));
    }
    if (largest < 1e-35f) return 0;
    return std::nearbyint(line[input] * (127 / largest)) * static_cast<double>(largest / 127);
  }

  /** Lets the problem point to the memory that is here. */
  void point() {
    problem.x = x.data();
    problem.weights = weights.data();
    problem.weight_bytes = static_cast<int64_t>(weights.size());
    problem.bias = bias.empty() ? nullptr : bias.data();
    problem.y = y.data();
  }

  int32_t run(a4j_context* context, a4j_error& error) {
    point();
    return a4j_block_products(context, &problem, &error);
  }

  void check_all(const std::string& what) const {
    for (int64_t r = 0; r < problem.rows; r++) {
      for (int64_t o = 0; o < problem.outputs; o++) {
        const double offset = bias.empty() ? 0 : static_cast<double>(bias[static_cast<size_t>(o)]);
        double want = offset, size = std::fabs(offset);
        for (int64_t i = 0; i < problem.inputs; i++) {
          const double term = rounded(r, i) * weight(o, i);
          want += term;
          size += std::fabs(term);
        }
        const double got = static_cast<double>(y[static_cast<size_t>(r * problem.outputs + o)]);
        check(std::fabs(got - want) <= 2e-6 * size, what + ": " + std::to_string(got) + " for " +
                                                        std::to_string(want) + " in row " +
                                                        std::to_string(r) + ", output " + std::to_string(o));
      }
    }
    check(y.back() == kGuard, what + ": the guard behind y");
  }

  std::mt19937 random;
  int64_t blocks;
  std::vector<float> x, y, bias;
  std::vector<unsigned char> weights;
  a4j_block_product problem{};
};
