// Memory that ONNX Runtime keeps rearranged weights in.
#pragma once

#include <cstddef>

#include "runtime.h"

namespace attention4j::onnxruntime {

/**
 * An allocator that lays what is reserved for as long as a session lives, from 2 MiB on, in huge pages,
 * where the system lends them on request: a step of a decoder reads each weight once, and from pages of 4
 * KiB memory is read up to a fifth slower. All else comes from another allocator, and so do its errors:
 * nothing is thrown from this library into the runtime. Blocks are aligned to 64 bytes. Thread-safe.
 */
class WeightMemory final : public OrtAllocator {
 public:
  /** Over an allocator of blocks aligned to 64 bytes, which must live longer. */
  explicit WeightMemory(OrtAllocator* heap);

 private:
  void* from_heap(size_t bytes);
  void* huge(size_t bytes);
  void give_back(void* memory);

  OrtAllocator* heap_;
};

/**
 * Moves memory that is in use into huge pages, in whole ones, as far as the system does that; else it stays
 * where it is. Little memory is left alone. `bytes` is only what is read: neighbours in the same pages move
 * along.
 */
void ask_for_huge_pages(const void* data, size_t bytes);

/**
 * Lets sessions that use the allocators of their runtime's environment (session.use_env_allocators)
 * take their memory here. Does nothing where there are no huge pages to ask for.
 */
OrtStatus* lend_memory(const Api& api);

}  // namespace attention4j::onnxruntime
