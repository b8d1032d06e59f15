package org.attention4j.kernels;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresKernels
@DisplayName("Random calls over the JNI border")
class BorderFuzzTest {
  private static final String SECONDS = System.getProperty("attention4j.fuzz.seconds", "8");
  private static final String SEED = System.getProperty("attention4j.fuzz.seed", "1");

  @Test
  @DisplayName("work or throw an AttentionException, and the JVM's checks find nothing")
  void survives() throws Exception {
    String output = ChildJvm.run(BorderFuzz.class, new String[] {SECONDS, SEED}, "-Xcheck:jni");
    assertTrue(output.contains("clean after"), output);
    assertFalse(output.contains("in native method"), output); // as -Xcheck:jni complains
    Matcher counts = Pattern.compile("(\\d+) calls that worked and (\\d+) refused").matcher(output);
    assertTrue(counts.find(), output);
    assertTrue(Long.parseLong(counts.group(1)) > 100, output);
    assertTrue(Long.parseLong(counts.group(2)) > 100, output);
    System.out.println(counts.group());
  }
}
