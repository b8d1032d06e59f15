package org.attention4j.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@RequiresKernels
@EnabledOnOs(OS.LINUX) // reads /proc
@DisplayName("Resident memory")
class MemoryTest {
  /** A heap of fixed size, and no second compiler, whose arenas alone are some megabytes. */
  private static final String[] SMALL_HEAP = {
    "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1"
  };

  @Test
  @DisplayName("is flat over 4000 calls and 40 contexts")
  void flat() throws Exception {
    String output = ChildJvm.run("calls", SMALL_HEAP);
    long warm = kilobytes(output, "warm");
    long end = kilobytes(output, "end");
    assertTrue(end - warm < 4096, "it grew from " + warm + " to " + end + " kB");
  }

  @Test
  @DisplayName("grows with the context, not with its square")
  void linear() throws Exception {
    String output = ChildJvm.run("context", SMALL_HEAP);
    long before = kilobytes(output, "before");
    long peak = kilobytes(output, "peak");
    // 16384 x 16384 scores would be 1 GB, even as bytes 256 MB
    assertTrue(peak - before < 32 << 10, "it grew from " + before + " to " + peak + " kB");
  }

  private static long kilobytes(String output, String name) {
    Matcher matcher = Pattern.compile(name + " (\\d+)").matcher(output);
    assertTrue(matcher.find(), output);
    return Long.parseLong(matcher.group(1));
  }
}
