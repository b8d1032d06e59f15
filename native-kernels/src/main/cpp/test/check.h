// A test is a function in a group; a failed check prints where and goes on to the next test.
#pragma once

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

struct Test {
  std::string group;
  std::string name;
  std::function<void()> body;
};

inline std::vector<Test>& all_tests() {
  static std::vector<Test> tests;
  return tests;
}

struct Register {
  Register(const char* group, const char* name, void (*body)()) {
    all_tests().push_back({group, name, body});
  }
};

/** TEST(group, what_it_proves) { ... } */
#define TEST(group, name)                                                         \
  static void group##_##name();                                                   \
  static const Register register_##group##_##name(#group, #name, group##_##name); \
  static void group##_##name()

inline void check(bool ok, const std::string& message) {
  if (!ok) throw std::runtime_error(message);
}
