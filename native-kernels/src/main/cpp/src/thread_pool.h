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
  Workspace& operator=(Workspace&& other) noexcept;

  /** Throws std::bad_alloc. */
  void* reserve(size_t bytes);
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

/**
 * Threads of somebody else that a caller brings along: while a Scope lives, the pools that its thread
 * calls use these instead of their own.
 */
class BorrowedThreads {
 public:
  virtual ~BorrowedThreads() = default;
  /** How many lanes are worth starting. */
  virtual int count() const = 0;
  /** Runs lane(data, 0 .. lanes - 1), all or some at a time, and returns when all are done. */
  virtual void run(int lanes, void (*lane)(void* data, int lane), void* data) = 0;

  /** Those that the current thread has brought; null for none. */
  static BorrowedThreads* current();

  class Scope {
   public:
    explicit Scope(BorrowedThreads* threads);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    BorrowedThreads* outer_;
  };
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

  /** Those that the caller may expect to work for it. */
  int threads() const;

  /**
   * Runs items 0 .. count - 1 and returns when all are done; with `alone`, without other threads.
   * The caller starts at once and waits only for threads that have taken an item, so a thread that
   * wakes up late costs nothing. Safe from several threads: while the pool serves one caller, another
   * runs its items itself, so calls never wait for each other.
   */
  void run(Item item, const void* call, int64_t count, size_t workspace_bytes, bool alone);

 private:
  /** The items of one call. */
  struct Job {
    Item item;
    const void* call;
    int64_t count;
  };

  void work(size_t worker);
  void take_items(const Job& job, void* workspace);
  void await_workers();
  bool await_job(uint64_t seen);
  void run_borrowed(BorrowedThreads& threads, Item item, const void* call, int64_t count,
                    size_t workspace_bytes, bool alone);

  std::mutex busy_;  // held by the caller whose job the pool is running
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<Workspace> workspaces_;  // the caller's first
  std::mutex spare_mutex_;
  std::vector<Workspace> spare_;  // for borrowed threads; guarded by spare_mutex_
  std::vector<std::thread> workers_;
  bool spins_;         // whether there is a processor for each thread
  size_t asleep_ = 0;  // guarded by mutex_, as are the next three
  bool open_ = false;  // whether a worker may still join the job
  bool stopping_ = false;
  Job job_{};
  std::atomic<uint64_t> jobs_{0};   // how many there were; changes under mutex_
  std::atomic<size_t> running_{0};  // workers that joined the job; grows under mutex_
  std::atomic<int64_t> next_{0};
};

}  // namespace attention4j
