#include "check.h"

// kernel_tests [group] [part of a test's name]
int main(int count, char** arguments) {
  std::string group = count > 1 ? arguments[1] : "";
  std::string part = count > 2 ? arguments[2] : "";
  int run = 0;
  int failed = 0;
  for (const Test& test : all_tests()) {
    if (!group.empty() && test.group != group) continue;
    if (test.name.find(part) == std::string::npos) continue;
    run++;
    try {
      test.body();
    } catch (const std::exception& exception) {
      failed++;
      std::printf("FAILED %s/%s: %s\n", test.group.c_str(), test.name.c_str(), exception.what());
    }
  }
  std::printf("%d tests, %d failed\n", run, failed);
  return run == 0 || failed > 0 ? 1 : 0;
}
