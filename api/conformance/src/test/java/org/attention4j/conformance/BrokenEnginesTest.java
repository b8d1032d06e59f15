package org.attention4j.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.attention4j.conformance.BrokenEngine.Fault;
import org.attention4j.conformance.Finding.Status;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The kit finds the classic faults, and says where they are")
final class BrokenEnginesTest {
  private static final List<Check> CHECKS = Catalogue.standard().checks();

  private static Result run(Fault fault, String check) {
    Bench bench = Bench.of(new BrokenEngine(fault), 0x5EED1);
    Check found = CHECKS.stream().filter(c -> c.name().equals(check)).findFirst().orElseThrow();
    return Runner.run(found, bench, List.of());
  }

  private static void fails(Fault fault, String check, String... words) {
    Result right = run(Fault.NONE, check);
    assertEquals(Status.PASSED, right.status(), right.text());
    Result wrong = run(fault, check);
    assertEquals(Status.FAILED, wrong.status());
    for (String word : words) {
      assertTrue(wrong.text().contains(word), () -> "'" + word + "' is not in\n" + wrong.text());
    }
  }

  private static Set<String> failing(Fault fault, String glob) {
    Bench bench = Bench.of(new BrokenEngine(fault), 0x5EED1);
    Set<String> names = new TreeSet<>();
    for (Check check : CHECKS) {
      if (new Glob(glob).matches(check.name())
          && Runner.run(check, bench, List.of()).status() == Status.FAILED) {
        names.add(check.name());
      }
    }
    return names;
  }

  @Test
  @DisplayName("a causal corner aligned at the end: only where Tq and Tk differ")
  void causalCorner() {
    fails(
        Fault.CAUSAL_CORNER,
        "attention/causal/more-keys/f32",
        "attention/causal/more-keys/f32 [query f32[2, 4, 5, 8]",
        "engine=broken",
        "oracle reference/f64",
        "outside",
        "expanded on the same engine: passes -> the fused Attention is at fault",
        "--case attention/causal/more-keys/f32 --seed 0x5eed1");
    assertEquals(Status.PASSED, run(Fault.CAUSAL_CORNER, "attention/causal/f32").status());
  }

  @Test
  @DisplayName("a dropped softcap, in values and gradients")
  void softcap() {
    fails(Fault.SOFTCAP_DROPPED, "attention/softcap/1/f32", "the fused Attention is at fault");
    Set<String> failing = failing(Fault.SOFTCAP_DROPPED, "attention/*/f32");
    assertTrue(failing.contains("attention/everything/f32"), failing::toString);
    assertTrue(
        failing.stream().allMatch(n -> n.matches(".*(softcap|everything).*")), failing::toString);
  }

  @Test
  @DisplayName("NaN in rows with nothing to attend to")
  void nanRow() {
    fails(
        Fault.NAN_ROW,
        "attention/extreme/fully-masked-rows/f32",
        "got NaN (not finite)",
        "first row 0");
  }

  @Test
  @DisplayName("a value leaked in each run")
  void leak() {
    fails(Fault.LEAK, "lifecycle/memory/session", "memory grew by", "Java heap", "leaked");
  }

  @Test
  @DisplayName("results of another element type")
  void dtype() {
    fails(Fault.WRONG_DTYPE, "attention/full/one/f32", "dtype f64, expected f32");
  }

  @Test
  @DisplayName("gradients that accumulate over two steps")
  void gradients() {
    fails(
        Fault.GRADIENTS_ACCUMULATE,
        "lifecycle/trainer/gradients-do-not-accumulate",
        "the first step is right, the second is not: gradients accumulate?");
  }

  @Test
  @DisplayName("a known gap is counted, and fails once it passes")
  void gaps() {
    String name = "attention/softcap/1/f32";
    Check check = CHECKS.stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
    KnownGap gap = new KnownGap("attention/softcap/*", "no softcap yet", "issue 7");
    Bench broken = Bench.of(new BrokenEngine(Fault.SOFTCAP_DROPPED), 1);
    Result counted = Runner.run(check, broken, List.of(gap));
    assertEquals(Status.GAP, counted.status());
    assertTrue(counted.text().startsWith("no softcap yet (issue 7)"), counted.text());
    Result fixed = Runner.run(check, Bench.of(new BrokenEngine(Fault.NONE), 1), List.of(gap));
    assertEquals(Status.FAILED, fixed.status());
    assertTrue(fixed.text().contains("passes, but is declared a known gap"), fixed.text());
    Report report = new Report(1, List.of(counted, fixed), List.of());
    assertEquals("0 passed, 1 failed, 1 gaps, 0 skipped", report.lastLine());
    assertEquals(1, report.exitStatus());
  }
}
