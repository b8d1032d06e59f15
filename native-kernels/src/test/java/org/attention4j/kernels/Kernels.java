package org.attention4j.kernels;

import java.util.Arrays;
import java.util.List;

/** What this machine can run. */
final class Kernels {
  private Kernels() {}

  static List<InstructionSet> instructionSets() {
    if (!NativeLibrary.get().available()) {
      throw new AssertionError(NativeLibrary.get().reason());
    }
    return Arrays.stream(InstructionSet.values())
        .filter(isa -> isa != InstructionSet.AUTO && NativeCalls.isaAvailable(isa.code()))
        .toList();
  }
}
