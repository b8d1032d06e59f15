#include "weight_memory.h"

#include <cstdint>

#if defined(__linux__)
#include <malloc.h>
#include <sys/mman.h>
#endif

namespace attention4j::onnxruntime {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

/** What lies before each block, in a cache line of its own. */
struct Header {
  size_t mapped;  // bytes from the header on, 0 for a block of the heap
};
static_assert(sizeof(Header) <= kAlignment, "the header has one cache line");

void* behind_header(void* start, size_t mapped) {
  static_cast<Header*>(start)->mapped = mapped;
  return static_cast<char*>(start) + kAlignment;
}

#if defined(__linux__)

constexpr bool kHasHugePages = true;
constexpr size_t kPage = 4096;

size_t rounded_up(size_t bytes, size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

/** Whole huge pages, unless that would waste more than an eighth: then small ones at the end. */
size_t mapped_size(size_t bytes) {
  size_t whole = rounded_up(bytes, kHugePage);
  return whole - bytes <= bytes / 8 ? whole : rounded_up(bytes, kPage);
}

/** Begins at a huge page; null if the system refuses. */
void* map(size_t size) {
  void* all = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) return nullptr;
  char* begin = static_cast<char*>(all);
  size_t before = (kHugePage - reinterpret_cast<uintptr_t>(begin) % kHugePage) % kHugePage;
  char* start = begin + before;
  if (before > 0) munmap(begin, before);
  munmap(start + size, kHugePage - before);
  madvise(start, size, MADV_HUGEPAGE);  // if it is refused, the memory is as good
  return start;
}

void unmap(void* start, size_t size) {
  munmap(start, size);
}

/** Weights that have been rearranged before were freed just now, into a heap that would keep their pages. */
void give_free_pages_back() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

#else

constexpr bool kHasHugePages = false;

size_t mapped_size(size_t bytes) {
  return bytes;
}

void* map(size_t) {
  return nullptr;
}

void unmap(void*, size_t) {}

void give_free_pages_back() {}

#endif

}  // namespace

void ask_for_huge_pages(const void* data, size_t bytes) {
#if defined(__linux__)
  constexpr size_t kLeast = size_t{1} << 18;  // what a second-level cache holds anyway
  if (bytes < kLeast) return;
  constexpr int kCollapse = 25;  // MADV_COLLAPSE of Linux 6.1
  const uintptr_t first = reinterpret_cast<uintptr_t>(data) / kHugePage * kHugePage;
  const uintptr_t end = rounded_up(reinterpret_cast<uintptr_t>(data) + bytes, kHugePage);
  // Page by page: where one is not whole, as at the ends of a mapping, the others are.
  for (uintptr_t page = first; page < end; page += kHugePage) {
    void* start = reinterpret_cast<void*>(page);
    if (madvise(start, kHugePage, MADV_HUGEPAGE) == 0) madvise(start, kHugePage, kCollapse);
  }
#else
  (void)data;
  (void)bytes;
#endif
}

WeightMemory::WeightMemory(OrtAllocator* heap) : OrtAllocator{}, heap_(heap) {
  version = kReservingAllocator;
  allocate = [](OrtAllocator* self, size_t bytes) {
    return static_cast<WeightMemory*>(self)->from_heap(bytes);
  };
  release = [](OrtAllocator* self, void* memory) { static_cast<WeightMemory*>(self)->give_back(memory); };
  info = [](const OrtAllocator* self) {
    const OrtAllocator* own = static_cast<const WeightMemory*>(self)->heap_;
    return own->info(own);
  };
  reserve = [](OrtAllocator* self, size_t bytes) { return static_cast<WeightMemory*>(self)->huge(bytes); };
}

void* WeightMemory::from_heap(size_t bytes) {
  size_t most = SIZE_MAX / 2;  // more than there is: the heap says so
  void* start = heap_->allocate(heap_, bytes < most ? bytes + kAlignment : most);
  return start == nullptr ? nullptr : behind_header(start, 0);
}

void* WeightMemory::huge(size_t bytes) {
  if (kHasHugePages && bytes >= kHugePage && bytes < SIZE_MAX / 2) {
    give_free_pages_back();
    size_t size = mapped_size(bytes + kAlignment);
    if (void* start = map(size)) return behind_header(start, size);
  }
  return from_heap(bytes);
}

void WeightMemory::give_back(void* memory) {
  if (memory == nullptr) return;
  void* start = static_cast<char*>(memory) - kAlignment;
  size_t mapped = static_cast<Header*>(start)->mapped;
  if (mapped > 0) {
    unmap(start, mapped);
  } else {
    heap_->release(heap_, start);
  }
}

OrtStatus* lend_memory(const Api& api) {
  if (!kHasHugePages) return nullptr;
  OrtAllocator* heap = nullptr;
  if (OrtStatus* status = api.default_allocator(&heap)) return status;
  OrtEnv* environment = nullptr;
  if (OrtStatus* status = api.environment(&environment)) return status;
  // The environment refers to it for as long as it lives, so it is never released.
  OrtStatus* status = api.register_allocator(environment, new WeightMemory(heap));
  api.release(environment);
  return status;
}

}  // namespace attention4j::onnxruntime
