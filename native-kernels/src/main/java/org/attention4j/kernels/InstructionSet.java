package org.attention4j.kernels;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.attention4j.error.EngineException;

/** What the kernels are compiled for. */
public enum InstructionSet {
  /** The widest that this machine has. */
  AUTO(-1),
  /** The baseline of the architecture. */
  SCALAR(0),
  AVX2(1),
  AVX512(2),
  /** AVX-512 with its products of bf16 pairs. */
  AVX512_BF16(3);

  private final int code; // a4j_isa

  InstructionSet(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static InstructionSet of(int code) {
    return Arrays.stream(values())
        .filter(isa -> isa.code == code)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("unknown instruction set " + code));
  }

  /** As users write it: {@code avx512-bf16}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The one of that label.
   *
   * @throws EngineException if there is none
   */
  public static InstructionSet parse(String label) {
    for (InstructionSet isa : values()) {
      if (isa.label().equals(label)) {
        return isa;
      }
    }
    List<String> labels = Arrays.stream(values()).map(InstructionSet::label).toList();
    throw EngineException.unknown("instruction set", label, labels);
  }
}
