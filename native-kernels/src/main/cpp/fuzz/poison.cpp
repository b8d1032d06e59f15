#include "poison.h"

#include <cmath>
#include <limits>
#include <string>

#include "check.h"

namespace {

void put(Buffer& buffer, double value, Bytes& bytes) {
  int64_t at[4];
  for (size_t axis = 0; axis < 4; axis++) {
    int64_t size = buffer.dims()[axis];
    if (size == 0) return;
    at[axis] = bytes.between(0, size - 1);
  }
  buffer.set(at[0], at[1], at[2], at[3], value);
}

bool finite_row(const Buffer& buffer, int64_t b, int64_t h, int64_t t) {
  for (int64_t d = 0; d < buffer.dims()[3]; d++) {
    if (!std::isfinite(buffer.get(b, h, t, d))) return false;
  }
  return true;
}

bool holds_nan(const Buffer& buffer, int64_t b, int64_t h, int64_t t) {
  for (int64_t d = 0; d < buffer.dims()[3]; d++) {
    if (std::isnan(buffer.get(b, h, t, d))) return true;
  }
  return false;
}

template <class Body>
void for_each_row(const Shape& shape, Body body) {
  for (int64_t b = 0; b < shape.batch; b++) {
    for (int64_t h = 0; h < shape.heads; h++) {
      for (int64_t i = 0; i < shape.queries; i++) body(b, h, i);
    }
  }
}

template <class Body>
void for_each_attended(const TestProblem& problem, int64_t b, int64_t h, int64_t i, Body body) {
  for (int64_t j = 0; j < problem.shape.keys; j++) {
    if (attends(problem, b, h, i, j)) body(j);
  }
}

int64_t key_head(const Shape& shape, int64_t h) {
  return h / (shape.heads / shape.key_heads);
}

void forgive_element(Tensor& expected, const Buffer& got, int64_t b, int64_t h, int64_t t, int64_t d) {
  expected.at(b, h, t, d) = got.get(b, h, t, d);
}

void forgive_row(Tensor& expected, const Buffer& got, int64_t b, int64_t h, int64_t t) {
  for (int64_t d = 0; d < got.dims()[3]; d++) forgive_element(expected, got, b, h, t, d);
}

bool touched_forward(const TestProblem& p, int64_t b, int64_t h, int64_t i) {
  bool clean_query = finite_row(p.query, b, h, i);
  bool touched = false;
  int64_t kh = key_head(p.shape, h);
  for_each_attended(p, b, h, i, [&](int64_t j) {
    touched = touched || !clean_query || !finite_row(p.key, b, kh, j) || !finite_row(p.value, b, kh, j) ||
              (p.bias && !std::isfinite(p.bias->get(b, h, i, j)));
  });
  return touched;
}

}  // namespace

void poison(TestProblem& problem, Bytes& bytes) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  int64_t places = bytes.between(1, 5);
  for (int64_t n = 0; n < places; n++) {
    double value = bytes.pick({std::nan(""), infinity, -infinity});
    switch (bytes.between(0, 6)) {
      case 0:
        put(problem.query, value, bytes);
        break;
      case 1:
      case 2:
        put(problem.key, value, bytes);
        break;
      case 3:
      case 4:
        put(problem.value, value, bytes);
        break;
      case 5:
        put(bytes.once_in(2) ? problem.grad_out : problem.grad_lse, value, bytes);
        break;
      default:
        if (problem.bias) put(*problem.bias, value, bytes);
    }
  }
}

void forgive_forward(const TestProblem& p, Expected& expected, const Results& results) {
  for_each_row(p.shape, [&](int64_t b, int64_t h, int64_t i) {
    if (!touched_forward(p, b, h, i)) return;
    forgive_row(expected.out, results.out, b, h, i);
    forgive_row(expected.lse, results.lse, b, h, i);
  });
}

void forgive_backward(const TestProblem& p, Expected& expected, const Results& results) {
  for_each_row(p.shape, [&](int64_t b, int64_t h, int64_t i) {
    bool clean_cotangents = finite_row(p.grad_out, b, h, i) && finite_row(p.grad_lse, b, h, i);
    if (clean_cotangents && !touched_forward(p, b, h, i)) return;
    bool any = false;
    for_each_attended(p, b, h, i, [&](int64_t j) {
      any = true;
      forgive_row(expected.grad_key, results.grad_key, b, key_head(p.shape, h), j);
      forgive_row(expected.grad_value, results.grad_value, b, key_head(p.shape, h), j);
      if (p.bias) forgive_element(expected.grad_bias, *results.grad_bias, b, h, i, j);
    });
    if (any) forgive_row(expected.grad_query, results.grad_query, b, h, i);
  });
}

void check_arrived(const TestProblem& p, const Results& results) {
  for_each_row(p.shape, [&](int64_t b, int64_t h, int64_t i) {
    bool nan_query = holds_nan(p.query, b, h, i);
    bool expected = false;
    for_each_attended(p, b, h, i, [&](int64_t j) {
      if (p.bias && std::isinf(p.bias->get(b, h, i, j))) return;  // -infinity removes the pair
      expected = expected || nan_query || holds_nan(p.key, b, key_head(p.shape, h), j) ||
                 (p.bias && std::isnan(p.bias->get(b, h, i, j)));
    });
    if (!expected) return;
    std::string where = " of query " + std::to_string(i) + ", head " + std::to_string(h);
    check(std::isnan(results.lse.get(b, h, i, 0)), "a NaN score did not reach the log-sum-exp" + where);
    check(std::isnan(results.out.get(b, h, i, 0)), "a NaN score did not reach the output" + where);
  });
}
