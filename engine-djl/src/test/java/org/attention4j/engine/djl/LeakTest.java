package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Native memory stays flat over many steps; {@code -Dleak.steps=10000} makes the run long. One
 * array of the smallest size left behind in each step would be found.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "resident memory is read from /proc")
class LeakTest {
  private static final int STEPS = Integer.getInteger("leak.steps", 2000);

  @ParameterizedTest(name = "{0}")
  @CsvSource({"train, 1", "run, 1", "decode, 2", "open, 40"})
  void residentMemoryStaysFlat(String what, int share) throws Exception {
    int steps = STEPS / share;
    ChildJvm.Result result =
        ChildJvm.run(
            LeakProbe.class,
            List.of(
                "-Xms192m",
                "-Xmx192m",
                "-XX:+AlwaysPreTouch",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"), // the second compiler's arenas come and go
            entry -> true,
            what,
            Integer.toString(steps));
    assertEquals(0, result.exitCode(), result::output);
    long grown = Long.parseLong(result.output().strip());
    long allowed = 1_500_000 + 200L * steps; // compiled code and tables go on growing
    assertTrue(grown < allowed, "grew by " + grown + " bytes in " + steps + " steps");
  }
}
