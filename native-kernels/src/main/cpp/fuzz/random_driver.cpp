// Where there is no libFuzzer: random inputs from a seed, for some seconds. Understands the two options
// of libFuzzer that the tests give it, and files to run again.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

bool option(const std::string& argument, const std::string& name, long& value) {
  if (argument.rfind("-" + name + "=", 0) != 0) return false;
  value = std::strtol(argument.c_str() + name.size() + 2, nullptr, 10);
  return true;
}

bool run_file(const char* name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", name);
    return false;
  }
  std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  long seconds = 10;
  long seed = 1;
  bool files = false;
  for (int n = 1; n < count; n++) {
    if (option(arguments[n], "max_total_time", seconds) || option(arguments[n], "seed", seed)) continue;
    files = true;
    if (!run_file(arguments[n])) return 1;
  }
  if (files) return 0;
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  long runs = 0;
  std::vector<uint8_t> input;
  for (; std::chrono::steady_clock::now() < end; runs++) {
    std::mt19937 random(static_cast<uint32_t>(seed * 1000003 + runs));
    input.resize(random() % 256 + 16);
    for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
    // Written before each run: after a crash it is the input to run again.
    std::FILE* last = std::fopen("last-input", "wb");
    if (last != nullptr) {
      std::fwrite(input.data(), 1, input.size(), last);
      std::fclose(last);
    }
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::remove("last-input");
  std::printf("%ld runs in %ld s from seed %ld\n", runs, seconds, seed);
  return runs > 0 ? 0 : 1;
}
