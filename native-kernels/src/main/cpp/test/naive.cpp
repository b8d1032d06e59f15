#include "naive.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "check.h"

Expected::Expected(const TestProblem& p)
    : out(p.out_dims()),
      lse(p.lse_dims()),
      grad_query(p.query.dims()),
      grad_key(p.key.dims()),
      grad_value(p.value.dims()),
      grad_bias(p.bias ? p.bias->dims() : Dims{0, 0, 0, 0}) {}

bool attends(const TestProblem& problem, int64_t b, int64_t h, int64_t i, int64_t j) {
  if (problem.mask.empty()) return true;
  int64_t slot = problem.shape.start + i;
  std::vector<bool> stack;
  for (size_t n = 0; n < problem.mask.size(); n++) {
    const a4j_mask_node& node = problem.mask[n];
    if (node.op == A4J_MASK_AND || node.op == A4J_MASK_OR) {
      bool right = stack.back();
      stack.pop_back();
      bool left = stack.back();
      stack.pop_back();
      stack.push_back(node.op == A4J_MASK_AND ? left && right : left || right);
    } else if (node.op == A4J_MASK_NOT) {
      stack.back() = !stack.back();
    } else if (node.op == A4J_MASK_TENSOR) {
      stack.push_back(problem.mask_buffers[n]->get(b, h, i, j) != 0);
    } else if (node.op == A4J_MASK_CAUSAL) {
      stack.push_back(j <= slot);
    } else if (node.op == A4J_MASK_WINDOW) {
      stack.push_back(j > slot - node.left && j <= slot + node.right);
    } else if (node.op == A4J_MASK_RANGE) {
      stack.push_back(node.left <= j && j < node.right);
    } else {
      stack.push_back(true);
    }
  }
  return stack.back();
}

namespace {

/** x^5 modulo 2^31 - 1, one division at a time. */
uint64_t fifth_power(uint64_t x) {
  constexpr uint64_t prime = 2147483647;
  uint64_t result = 1;
  for (int n = 0; n < 5; n++) result = result * x % prime;
  return result;
}

}  // namespace

double dropout_factor(const TestProblem& p, int64_t b, int64_t h, int64_t i, int64_t j) {
  const Features& f = p.features;
  if (f.dropout == 0) return 1;
  constexpr int64_t prime = 2147483647;
  int64_t index = ((b * p.shape.heads + h) * p.shape.queries + i) * p.shape.keys + j;
  int64_t site = (f.dropout_site % prime + prime) % prime;
  uint64_t key = fifth_power(static_cast<uint64_t>((std::abs(f.dropout_seed) % prime + site) % prime));
  uint64_t second = fifth_power((key + 625341585) % prime);
  uint64_t hash = fifth_power((static_cast<uint64_t>(index) % prime + key) % prime);
  hash = fifth_power((hash + second) % prime);
  return static_cast<double>(hash) < std::rint(f.dropout * prime) ? 0 : 1 / (1 - f.dropout);
}

namespace {

double dot(const Buffer& a, int64_t row_a, const Buffer& b, int64_t row_b, int64_t batch, int64_t head_a,
           int64_t head_b, int64_t width) {
  double sum = 0;
  for (int64_t d = 0; d < width; d++) sum += a.get(batch, head_a, row_a, d) * b.get(batch, head_b, row_b, d);
  return sum;
}

/** One row of scores: the value, and its slope with respect to scale * q.k (softcap). */
struct Pair {
  int64_t key;
  double score;
  double slope;
};

std::vector<Pair> attended(const TestProblem& p, int64_t b, int64_t h, int64_t i) {
  int64_t key_head = h / (p.shape.heads / p.shape.key_heads);
  std::vector<Pair> pairs;
  for (int64_t j = 0; j < p.shape.keys; j++) {
    if (!attends(p, b, h, i, j)) continue;
    double s = p.scale * dot(p.query, i, p.key, j, b, h, key_head, p.shape.key_dim);
    double slope = 1;
    if (p.features.softcap > 0) {
      double t = std::tanh(s / p.features.softcap);
      s = p.features.softcap * t;
      slope = 1 - t * t;
    }
    if (p.slopes) s -= p.slopes->get(0, h, 0, 0) * static_cast<double>(std::abs(p.shape.start + i - j));
    if (p.bias) s += p.bias->get(b, h, i, j);
    pairs.push_back({j, s, slope});
  }
  return pairs;
}

void add_row(const TestProblem& p, Expected& e, int64_t b, int64_t h, int64_t i, bool with_grad_lse) {
  int64_t key_head = h / (p.shape.heads / p.shape.key_heads);
  std::vector<Pair> pairs = attended(p, b, h, i);
  double largest = -std::numeric_limits<double>::infinity();
  for (const Pair& pair : pairs) largest = std::max(largest, pair.score);
  e.lse.at(b, h, i, 0) = largest;
  if (std::isinf(largest) && largest < 0) return;
  double sum = 0;
  for (const Pair& pair : pairs) sum += std::exp(pair.score - largest);
  e.lse.at(b, h, i, 0) = largest + std::log(sum);
  std::vector<double> weight, kept, inflow;  // p, p after dropout, and the latter's gradient
  double delta = 0;
  for (const Pair& pair : pairs) {
    weight.push_back(std::exp(pair.score - largest) / sum);
    double factor = dropout_factor(p, b, h, i, pair.key);
    kept.push_back(weight.back() * factor);
    for (int64_t d = 0; d < p.shape.value_dim; d++) {
      e.out.at(b, h, i, d) += kept.back() * p.value.get(b, key_head, pair.key, d);
    }
    inflow.push_back(factor * dot(p.grad_out, i, p.value, pair.key, b, h, key_head, p.shape.value_dim));
    delta += weight.back() * inflow.back();
  }
  if (with_grad_lse) delta -= p.grad_lse.get(b, h, i, 0);
  for (size_t n = 0; n < pairs.size(); n++) {
    int64_t j = pairs[n].key;
    double ds = weight[n] * (inflow[n] - delta);
    if (p.bias) e.grad_bias.at(b, h, i, j) += ds;
    double scaled = ds * pairs[n].slope * p.scale;
    for (int64_t d = 0; d < p.shape.key_dim; d++) {
      e.grad_query.at(b, h, i, d) += scaled * p.key.get(b, key_head, j, d);
      e.grad_key.at(b, key_head, j, d) += scaled * p.query.get(b, h, i, d);
    }
    for (int64_t d = 0; d < p.shape.value_dim; d++) {
      e.grad_value.at(b, key_head, j, d) += kept[n] * p.grad_out.get(b, h, i, d);
    }
  }
}

}  // namespace

Expected naive(const TestProblem& problem, bool with_grad_lse) {
  Expected expected(problem);
  for (int64_t b = 0; b < problem.shape.batch; b++) {
    for (int64_t h = 0; h < problem.shape.heads; h++) {
      for (int64_t i = 0; i < problem.shape.queries; i++) add_row(problem, expected, b, h, i, with_grad_lse);
    }
  }
  return expected;
}

void check_close(const std::string& what, Tensor& expected, const Buffer& got, double absolute,
                 double relative) {
  const Dims& n = expected.dims;
  check(n == got.dims(), what + ": shapes differ");
  double largest = 1;
  for (double value : expected.values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  for (int64_t b = 0; b < n[0]; b++) {
    for (int64_t h = 0; h < n[1]; h++) {
      for (int64_t t = 0; t < n[2]; t++) {
        for (int64_t d = 0; d < n[3]; d++) {
          double want = expected.at(b, h, t, d);
          double have = got.get(b, h, t, d);
          bool same = std::isfinite(want)
                          ? std::abs(have - want) <= absolute * largest + relative * std::abs(want)
                      : std::isnan(want) ? std::isnan(have)
                                         : have == want;
          if (same) continue;
          char text[200];
          std::snprintf(text, sizeof text, " at [%d,%d,%d,%d]: expected %.9g, got %.9g (largest %.3g)",
                        static_cast<int>(b), static_cast<int>(h), static_cast<int>(t), static_cast<int>(d),
                        want, have, largest);
          throw std::runtime_error(what + text);
        }
      }
    }
  }
}
