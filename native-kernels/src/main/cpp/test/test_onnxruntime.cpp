// The operators of ONNX Runtime, as far as they can be tried without one: threads of a caller's, and a
// runtime that is too old. Whole models run in the tests of engine-onnx.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../onnxruntime/runtime.h"
#include "../onnxruntime/weight_memory.h"
#include "../src/thread_pool.h"
#include "check.h"
#include "problems.h"

extern "C" OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base);

namespace {

/** Runs its lanes on threads of its own, in the order of the machine's choice, or here one by one. */
class TestThreads final : public attention4j::BorrowedThreads {
 public:
  TestThreads(int lanes, bool parallel) : lanes_(lanes), parallel_(parallel) {}

  int count() const override { return lanes_; }

  void run(int lanes, void (*lane)(void* data, int lane), void* data) override {
    runs_++;
    std::vector<std::thread> threads;
    for (int i = 0; i < lanes; i++) {
      if (parallel_) {
        threads.emplace_back([=] { lane(data, i); });
      } else {
        lane(data, i);
      }
    }
    for (std::thread& thread : threads) thread.join();
  }

  int runs() const { return runs_; }

 private:
  int lanes_;
  bool parallel_;
  std::atomic<int> runs_{0};
};

TestProblem sample(uint32_t seed) {
  Shape shape;
  shape.batch = 2;
  shape.heads = 4;
  shape.key_heads = 2;
  shape.queries = 150;
  shape.keys = 170;
  shape.key_dim = shape.value_dim = 24;
  shape.start = 20;
  Features features;
  features.mask = MaskKind::kCausalPadding;
  return TestProblem(shape, features, seed);
}

bool same(const Buffer& a, const Buffer& b) {
  return std::memcmp(a.view().data, b.view().data, static_cast<size_t>(a.view().elements) * 4) == 0;
}

TEST(onnxruntime, borrowed_threads_give_the_results_of_own_ones) {
  TestProblem problem = sample(3);
  Context own = make_context(A4J_ISA_AUTO, 2);
  Context lent = make_context(A4J_ISA_AUTO, 1);
  Results expected(problem);
  expected.forward(own.get(), problem);
  for (int lanes : {1, 2, 5, 64}) {
    for (bool parallel : {false, true}) {
      TestThreads threads(lanes, parallel);
      attention4j::BorrowedThreads::Scope scope(&threads);
      Results actual(problem);
      actual.forward(lent.get(), problem);
      check(actual.guards_intact(), "guards");
      check(same(actual.out, expected.out), std::to_string(lanes) + " lanes differ");
      check(lanes == 1 || threads.runs() > 0, "the borrowed threads were not used");
    }
  }
  check(attention4j::BorrowedThreads::current() == nullptr, "given back");
}

TEST(onnxruntime, several_callers_may_bring_threads_at_once) {
  TestProblem problem = sample(4);
  Context context = make_context(A4J_ISA_AUTO, 1);
  Results expected(problem);
  expected.forward(context.get(), problem);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; caller++) {
    callers.emplace_back([&] {
      for (int i = 0; i < 10; i++) {
        TestThreads threads(2, true);
        attention4j::BorrowedThreads::Scope scope(&threads);
        Results actual(problem);
        actual.forward(context.get(), problem);
        if (!same(actual.out, expected.out)) wrong++;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  check(wrong == 0, std::to_string(wrong) + " results differ");
}

std::string refusal;

OrtStatus* remember(int32_t, const char* message) {
  refusal = message;
  return reinterpret_cast<OrtStatus*>(&refusal);
}

void* const kOldTable[1] = {reinterpret_cast<void*>(remember)};

TEST(onnxruntime, an_older_runtime_is_refused_with_both_versions) {
  OrtApiBase old{};
  old.get_api = [](uint32_t version) noexcept -> const OrtApi* {
    return version <= 16 ? reinterpret_cast<const OrtApi*>(kOldTable) : nullptr;
  };
  old.version = []() noexcept -> const char* { return "1.16.3"; };
  check(RegisterCustomOps(nullptr, &old) != nullptr, "it was taken");
  check(refusal == "attention4j's operators need ONNX Runtime 1.17 or later, this is 1.16.3", refusal);
}

/** An allocator that counts its blocks and refuses more than a gigabyte. */
struct TestHeap : OrtAllocator {
  TestHeap() : OrtAllocator{} {
    allocate = [](OrtAllocator* self, size_t bytes) -> void* {
      if (bytes > (size_t{1} << 30)) return nullptr;
      static_cast<TestHeap*>(self)->blocks++;
      return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
    };
    release = [](OrtAllocator* self, void* memory) {
      static_cast<TestHeap*>(self)->blocks--;
      std::free(memory);
    };
  }

  int blocks = 0;
};

TEST(onnxruntime, memory_for_weights_is_aligned_whole_and_given_back) {
  TestHeap heap;
  attention4j::onnxruntime::WeightMemory memory(&heap);
  std::vector<std::pair<unsigned char*, size_t>> blocks;
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{63}, size_t{4096}, (size_t{2} << 20) - 1, size_t{2} << 20,
                       (size_t{2} << 20) + 1, (size_t{4} << 20) - 64, size_t{7077888}, size_t{9437184}}) {
    for (bool weights : {false, true}) {
      void* block = weights ? memory.reserve(&memory, bytes) : memory.allocate(&memory, bytes);
      check(reinterpret_cast<uintptr_t>(block) % 64 == 0, "aligned");
      std::memset(block, static_cast<int>(blocks.size() + 1), bytes);
      blocks.emplace_back(static_cast<unsigned char*>(block), bytes);
    }
  }
  for (size_t i = 0; i < blocks.size(); i++) {
    bool own = true;
    for (size_t at = 0; at < blocks[i].second; at++) own &= blocks[i].first[at] == i + 1;
    check(own, "blocks overlap");
    memory.release(&memory, blocks[i].first);
  }
  memory.release(&memory, nullptr);
  check(heap.blocks == 0, std::to_string(heap.blocks) + " blocks are left");
}

TEST(onnxruntime, memory_that_is_not_there_is_for_the_runtime_to_tell) {
  TestHeap heap;
  attention4j::onnxruntime::WeightMemory memory(&heap);
  for (size_t bytes : {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2, size_t{1} << 60}) {
    check(memory.allocate(&memory, bytes) == nullptr, "allocated");
    check(memory.reserve(&memory, bytes) == nullptr, "reserved");
  }
}

TEST(onnxruntime, an_instruction_set_that_is_not_there_is_refused) {
  check(a4j_onnxruntime_isa(A4J_ISA_COUNT) == A4J_UNSUPPORTED, "no such set");
  check(a4j_onnxruntime_isa(A4J_ISA_SCALAR) == A4J_OK, "scalar is always there");
  check(a4j_onnxruntime_isa(A4J_ISA_AUTO) == A4J_OK, "as is the choice of the library");
}

}  // namespace
