#include "thread_pool.h"

#include <new>
#include <utility>

namespace attention4j {
namespace {
constexpr std::align_val_t kAlignment{64};
}

Workspace::~Workspace() {
  if (data_ != nullptr) ::operator delete(data_, kAlignment);
}

Workspace::Workspace(Workspace&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

void* Workspace::reserve(size_t bytes) {
  if (bytes > bytes_) {
    void* larger = ::operator new(bytes, kAlignment);
    if (data_ != nullptr) ::operator delete(data_, kAlignment);
    data_ = larger;
    bytes_ = bytes;
  }
  return data_;
}

ThreadPool::ThreadPool(int threads) : workspaces_(static_cast<size_t>(threads)) {
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

void ThreadPool::run(Item item, const void* call, int64_t count, size_t workspace_bytes) {
  if (count <= 0) return;
  std::unique_lock<std::mutex> busy(busy_, std::try_to_lock);
  if (!busy.owns_lock()) {
    Workspace own;
    void* memory = own.reserve(workspace_bytes);
    for (int64_t i = 0; i < count; i++) item(call, i, memory);
    return;
  }
  bool alone = workers_.empty() || count == 1;
  // Everything that can fail happens before any worker starts.
  for (Workspace& workspace : workspaces_) {
    workspace.reserve(workspace_bytes);
    if (alone) break;
  }
  if (alone) {
    for (int64_t i = 0; i < count; i++) item(call, i, workspaces_[0].data());
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    item_ = item;
    call_ = call;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    running_ = workers_.size();
    job_++;
  }
  wake_.notify_all();
  take_items(workspaces_[0].data());
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [this] { return running_ == 0; });
}

void ThreadPool::take_items(void* workspace) {
  for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) item_(call_, i, workspace);
}

void ThreadPool::work(size_t worker) {
  uint64_t seen = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || job_ != seen; });
    if (stopping_) return;
    seen = job_;
    lock.unlock();
    take_items(workspaces_[worker].data());
    lock.lock();
    if (--running_ == 0) done_.notify_one();
  }
}

}  // namespace attention4j
