#include "rounded.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

double round_off(double value) {
  return static_cast<double>(bfloat16_value(bfloat16_bits(static_cast<float>(value))));
}

double dot(const Buffer& a, int64_t row_a, const Buffer& b, int64_t row_b, int64_t batch, int64_t head_a,
           int64_t head_b) {
  double sum = 0;
  for (int64_t d = 0; d < a.dims()[3]; d++) {
    sum += a.get(batch, head_a, row_a, d) * b.get(batch, head_b, row_b, d);
  }
  return round_off(sum);
}

/** A score, and what its gradient is multiplied by on the way to the product. */
struct Score {
  double value;
  double slope;
};

Score score_of(const TestProblem& p, int64_t b, int64_t h, int64_t i, int64_t j, int64_t key_head) {
  double score = round_off(round_off(p.scale) * dot(p.query, i, p.key, j, b, h, key_head));
  double slope = 1;
  if (p.features.softcap > 0) {
    double cap = p.features.softcap;
    double tanh = round_off(std::tanh(round_off(score / cap)));
    score = round_off(cap * tanh);
    slope = 1 - tanh * tanh;
  }
  if (p.slopes) {
    double distance = static_cast<double>(std::abs(p.shape.start + i - j));
    score = round_off(score - round_off(p.slopes->get(0, h, 0, 0) * distance));
  }
  if (p.bias) score = round_off(score + p.bias->get(b, h, i, j));
  if (!attends(p, b, h, i, j)) score = -std::numeric_limits<double>::infinity();
  return {score, slope};
}

template <class Get>
Errors errors_against(Tensor& truth, Get get) {
  Errors errors;
  const Dims& n = truth.dims;
  for (int64_t b = 0; b < n[0]; b++) {
    for (int64_t h = 0; h < n[1]; h++) {
      for (int64_t t = 0; t < n[2]; t++) {
        for (int64_t d = 0; d < n[3]; d++) {
          double error = std::abs(get(b, h, t, d) - truth.at(b, h, t, d));
          errors.largest = std::max(errors.largest, error);
          errors.root_mean_square += error * error;
        }
      }
    }
  }
  errors.root_mean_square = std::sqrt(errors.root_mean_square / static_cast<double>(truth.values.size()));
  return errors;
}

}  // namespace

Expected naive_rounded(const TestProblem& p, bool with_grad_lse) {
  Expected e(p);
  const Shape& s = p.shape;
  int64_t members = s.heads / s.key_heads;
  for (int64_t b = 0; b < s.batch; b++) {
    for (int64_t h = 0; h < s.heads; h++) {
      int64_t key_head = h / members;
      for (int64_t i = 0; i < s.queries; i++) {
        std::vector<double> weights(static_cast<size_t>(s.keys)), inflow(weights), kept(weights);
        std::vector<Score> scores(weights.size());
        double largest = -std::numeric_limits<double>::infinity(), sum = 0, delta = 0;
        for (int64_t j = 0; j < s.keys; j++) {
          Score& score = scores[static_cast<size_t>(j)] = score_of(p, b, h, i, j, key_head);
          largest = std::max(largest, score.value);
        }
        if (std::isinf(largest)) continue;
        for (const Score& score : scores) sum += std::exp(score.value - largest);
        for (int64_t j = 0; j < s.keys; j++) {
          size_t at = static_cast<size_t>(j);
          weights[at] = round_off(std::exp(scores[at].value - largest) / sum);
          double factor = dropout_factor(p, b, h, i, j);
          kept[at] = round_off(weights[at] * factor);
          inflow[at] = round_off(factor * dot(p.grad_out, i, p.value, j, b, h, key_head));
          delta += weights[at] * inflow[at];
        }
        if (with_grad_lse) delta -= p.grad_lse.get(b, h, i, 0);
        for (int64_t j = 0; j < s.keys; j++) {
          size_t at = static_cast<size_t>(j);
          // The softmax's gradient is one op, the softcap's and the product with the scale are others.
          double ds = round_off(weights[at] * (inflow[at] - delta));
          if (p.bias) e.grad_bias.at(b, h, i, j) += ds;
          ds = round_off(round_off(ds * scores[at].slope) * round_off(p.scale));
          for (int64_t d = 0; d < s.value_dim; d++) {
            e.out.at(b, h, i, d) += kept[at] * p.value.get(b, key_head, j, d);
            e.grad_value.at(b, key_head, j, d) += kept[at] * p.grad_out.get(b, h, i, d);
          }
          for (int64_t d = 0; d < s.key_dim; d++) {
            e.grad_query.at(b, h, i, d) += ds * p.key.get(b, key_head, j, d);
            e.grad_key.at(b, key_head, j, d) += ds * p.query.get(b, h, i, d);
          }
        }
      }
    }
  }
  for (Tensor* result : {&e.out, &e.grad_query, &e.grad_key, &e.grad_value, &e.grad_bias}) {
    for (double& value : result->values) value = round_off(value);
  }
  return e;
}

Errors errors_of(Tensor& truth, Tensor& got) {
  return errors_against(truth,
                        [&](int64_t b, int64_t h, int64_t t, int64_t d) { return got.at(b, h, t, d); });
}

Errors errors_of(Tensor& truth, const Buffer& got) {
  return errors_against(truth,
                        [&](int64_t b, int64_t h, int64_t t, int64_t d) { return got.get(b, h, t, d); });
}
