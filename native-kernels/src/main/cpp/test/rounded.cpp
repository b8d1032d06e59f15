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

Expected naive_rounded(const TestProblem& p) {
  Expected e(p);
  const Shape& s = p.shape;
  int64_t members = s.heads / s.key_heads;
  for (int64_t b = 0; b < s.batch; b++) {
    for (int64_t h = 0; h < s.heads; h++) {
      int64_t key_head = h / members;
      for (int64_t i = 0; i < s.queries; i++) {
        std::vector<double> p_row(static_cast<size_t>(s.keys)), inflow(p_row);
        double largest = -std::numeric_limits<double>::infinity(), sum = 0, delta = 0;
        for (int64_t j = 0; j < s.keys; j++) {
          double score = round_off(round_off(p.scale) * dot(p.query, i, p.key, j, b, h, key_head));
          if (!attends(p, b, h, i, j)) score = -std::numeric_limits<double>::infinity();
          p_row[static_cast<size_t>(j)] = score;
          largest = std::max(largest, score);
        }
        if (std::isinf(largest)) continue;
        for (double& score : p_row) sum += (score = std::exp(score - largest));
        for (int64_t j = 0; j < s.keys; j++) {
          size_t at = static_cast<size_t>(j);
          p_row[at] = round_off(p_row[at] / sum);
          inflow[at] = dot(p.grad_out, i, p.value, j, b, h, key_head);
          delta += p_row[at] * inflow[at];
        }
        for (int64_t j = 0; j < s.keys; j++) {
          size_t at = static_cast<size_t>(j);
          // The softmax's gradient is one op, the product with the scale another.
          double ds = round_off(round_off(p_row[at] * (inflow[at] - delta)) * round_off(p.scale));
          for (int64_t d = 0; d < s.value_dim; d++) {
            e.out.at(b, h, i, d) += p_row[at] * p.value.get(b, key_head, j, d);
            e.grad_value.at(b, key_head, j, d) += p_row[at] * p.grad_out.get(b, h, i, d);
          }
          for (int64_t d = 0; d < s.key_dim; d++) {
            e.grad_query.at(b, h, i, d) += ds * p.key.get(b, key_head, j, d);
            e.grad_key.at(b, key_head, j, d) += ds * p.query.get(b, h, i, d);
          }
        }
      }
    }
  }
  for (Tensor* result : {&e.out, &e.grad_query, &e.grad_key, &e.grad_value}) {
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
