// The kernel table of one instruction set; included by instantiate_*.cpp only.
#pragma once

#include "backward.h"
#include "forward.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct Table {
  static size_t workspace_bytes(const Problem& problem) {
    Arena forward(nullptr);
    typename Forward<Isa>::Scratch forward_scratch(forward, problem);
    Arena backward(nullptr);
    typename Backward<Isa>::Scratch backward_scratch(backward, problem);
    return forward.used() > backward.used() ? forward.used() : backward.used();
  }

  static constexpr KernelTable kTable = {
      workspace_bytes,           Forward<Isa>::item,      Backward<Isa>::delta_item,
      Backward<Isa>::query_item, Backward<Isa>::key_item, Backward<Isa>::bias_item,
  };
};

}  // namespace
}  // namespace attention4j
