// A fixed number of threads that share the items of one job at a time, with scratch memory for each.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace attention4j {

/** 64-byte aligned memory that grows and is kept between calls. */
class Workspace {
 public:
  Workspace() = default;
  ~Workspace();
  Workspace(Workspace&& other) noexcept;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  Workspace& operator=(Workspace&&) = delete;

  /** Throws std::bad_alloc. */
  void* reserve(size_t bytes);
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

class ThreadPool {
 public:
  /** Must not throw. */
  using Item = void (*)(const void* call, int64_t item, void* workspace);

  /** `threads` counts the caller, so threads - 1 are started. */
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workspaces_.size()); }

  /**
   * Runs items 0 .. count - 1 and returns when all are done. Safe from several threads: while the
   * pool serves one caller, another runs its items itself, so calls never wait for each other.
   */
  void run(Item item, const void* call, int64_t count, size_t workspace_bytes);

 private:
  void work(size_t worker);
  void take_items(void* workspace);

  std::mutex busy_;  // held by the caller whose job the pool is running
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<Workspace> workspaces_;  // the caller's first
  std::vector<std::thread> workers_;
  uint64_t job_ = 0;  // guarded by mutex_, as are the five below
  size_t running_ = 0;
  bool stopping_ = false;
  Item item_ = nullptr;
  const void* call_ = nullptr;
  int64_t count_ = 0;
  std::atomic<int64_t> next_{0};
};

}  // namespace attention4j
