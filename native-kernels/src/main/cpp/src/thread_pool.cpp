#include "thread_pool.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace attention4j {
namespace {
constexpr std::align_val_t kAlignment{64};

// How long a thread without work looks for some before it sleeps: about what waking it up costs.
constexpr std::chrono::microseconds kSpin{20};

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/** Looks at a condition for a while; whether it came true. */
template <class Condition>
bool spin_until(Condition condition) {
  auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; i++) {
      if (condition()) return true;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

thread_local BorrowedThreads* borrowed = nullptr;

}  // namespace

BorrowedThreads* BorrowedThreads::current() {
  return borrowed;
}

BorrowedThreads::Scope::Scope(BorrowedThreads* threads) : outer_(std::exchange(borrowed, threads)) {}

BorrowedThreads::Scope::~Scope() {
  borrowed = outer_;
}

Workspace::~Workspace() {
  if (data_ != nullptr) ::operator delete(data_, kAlignment);
}

Workspace::Workspace(Workspace&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Workspace& Workspace::operator=(Workspace&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void* Workspace::reserve(size_t bytes) {
  if (bytes > bytes_) {
    void* larger = ::operator new(bytes, kAlignment);
    if (data_ != nullptr) ::operator delete(data_, kAlignment);
    data_ = larger;
    bytes_ = bytes;
  }
  return data_;
}

ThreadPool::ThreadPool(int threads)
    : workspaces_(static_cast<size_t>(threads)),
      spins_(std::thread::hardware_concurrency() >= static_cast<unsigned>(threads)) {
  workers_.reserve(workspaces_.size());
  try {
    for (size_t worker = 1; worker < workspaces_.size(); worker++) {
      workers_.emplace_back([this, worker] { work(worker); });
    }
  } catch (...) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& started : workers_) started.join();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

int ThreadPool::threads() const {
  BorrowedThreads* lent = BorrowedThreads::current();
  return lent != nullptr ? lent->count() : static_cast<int>(workspaces_.size());
}

void ThreadPool::run_borrowed(BorrowedThreads& threads, Item item, const void* call, int64_t count,
                              size_t workspace_bytes, bool alone) {
  int lanes = alone ? 1 : static_cast<int>(std::min<int64_t>(threads.count(), count));
  std::vector<Workspace> own(static_cast<size_t>(lanes));
  {
    std::lock_guard<std::mutex> lock(spare_mutex_);
    for (Workspace& workspace : own) {
      if (spare_.empty()) break;
      workspace = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  for (Workspace& workspace : own) workspace.reserve(workspace_bytes);
  struct Lanes {
    Item item;
    const void* call;
    int64_t count;
    std::vector<Workspace>& own;
    std::atomic<int64_t> next{0};
  } job{item, call, count, own};
  auto lane = [](void* data, int index) {
    Lanes& typed = *static_cast<Lanes*>(data);
    void* memory = typed.own[static_cast<size_t>(index)].data();
    for (int64_t i; (i = typed.next.fetch_add(1, std::memory_order_relaxed)) < typed.count;) {
      typed.item(typed.call, i, memory);
    }
  };
  if (lanes == 1) {
    lane(&job, 0);
  } else {
    threads.run(lanes, lane, &job);
  }
  std::lock_guard<std::mutex> lock(spare_mutex_);
  for (Workspace& workspace : own) {
    if (spare_.size() < static_cast<size_t>(threads.count())) spare_.push_back(std::move(workspace));
  }
}

void ThreadPool::run(Item item, const void* call, int64_t count, size_t workspace_bytes, bool alone) {
  if (count <= 0) return;
  if (BorrowedThreads* lent = BorrowedThreads::current()) {
    run_borrowed(*lent, item, call, count, workspace_bytes, alone);
    return;
  }
  Job job{item, call, count};
  std::unique_lock<std::mutex> busy(busy_, std::try_to_lock);
  if (!busy.owns_lock()) {
    Workspace own;
    void* memory = own.reserve(workspace_bytes);
    for (int64_t i = 0; i < count; i++) item(call, i, memory);
    return;
  }
  alone = alone || workers_.empty() || count == 1;
  // Everything that can fail happens before any worker starts.
  for (Workspace& workspace : workspaces_) {
    workspace.reserve(workspace_bytes);
    if (alone) break;
  }
  next_.store(0, std::memory_order_relaxed);
  if (alone) {
    take_items(job, workspaces_[0].data());
    return;
  }
  size_t wanted = static_cast<size_t>(std::min(count - 1, static_cast<int64_t>(workers_.size())));
  {
    std::lock_guard<std::mutex> lock(mutex_);
    job_ = job;
    open_ = true;
    jobs_.fetch_add(1, std::memory_order_release);
    wanted = std::min(wanted, asleep_);
  }
  for (; wanted > 0; wanted--) wake_.notify_one();
  take_items(job, workspaces_[0].data());
  await_workers();
}

void ThreadPool::take_items(const Job& job, void* workspace) {
  for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < job.count;) {
    job.item(job.call, i, workspace);
  }
}

void ThreadPool::await_workers() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = false;
  }
  auto finished = [this] { return running_.load(std::memory_order_acquire) == 0; };
  if (finished() || (spins_ && spin_until(finished))) return;
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, finished);
}

/** Waits for a job after the one numbered `seen`; false if the pool ends. */
bool ThreadPool::await_job(uint64_t seen) {
  auto another = [&] { return jobs_.load(std::memory_order_acquire) != seen; };
  if (spins_) spin_until(another);
  std::unique_lock<std::mutex> lock(mutex_);
  asleep_++;
  wake_.wait(lock, [&] { return stopping_ || another(); });
  asleep_--;
  return !stopping_;
}

void ThreadPool::work(size_t worker) {
  uint64_t seen = 0;
  while (await_job(seen)) {
    Job job;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      seen = jobs_.load(std::memory_order_relaxed);
      if (!open_) continue;
      job = job_;
      running_.fetch_add(1, std::memory_order_relaxed);
    }
    take_items(job, workspaces_[worker].data());
    std::lock_guard<std::mutex> lock(mutex_);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_.notify_one();
  }
}

}  // namespace attention4j
