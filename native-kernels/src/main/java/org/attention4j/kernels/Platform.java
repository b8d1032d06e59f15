package org.attention4j.kernels;

import java.util.Locale;

/** The names under which libraries lie in the jar. */
final class Platform {
  private Platform() {}

  /** Such as {@code linux-x86_64}. */
  static String name() {
    String os = System.getProperty("os.name", "unknown").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "unknown").toLowerCase(Locale.ROOT);
    String system = os.contains("mac") ? "macos" : os.contains("win") ? "windows" : os;
    String machine = arch.equals("amd64") ? "x86_64" : arch.equals("arm64") ? "aarch64" : arch;
    return system + "-" + machine;
  }
}
