package org.attention4j.conformance;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.attention4j.conformance.behaviour.ConcurrencyChecks;
import org.attention4j.conformance.behaviour.ErrorChecks;
import org.attention4j.conformance.behaviour.ExportChecks;
import org.attention4j.conformance.behaviour.MemoryChecks;
import org.attention4j.conformance.behaviour.SessionChecks;
import org.attention4j.conformance.behaviour.TrainerChecks;
import org.attention4j.conformance.cases.ActivationCases;
import org.attention4j.conformance.cases.AttentionCases;
import org.attention4j.conformance.cases.BlockCases;
import org.attention4j.conformance.cases.CompositeCases;
import org.attention4j.conformance.cases.LongContextCases;
import org.attention4j.conformance.cases.ModelCases;
import org.attention4j.conformance.cases.PrimitiveCases;

/**
 * Every check that the kit knows.
 *
 * @param checks in the order of their suites
 * @param unknown recorded cases that could not be mapped
 */
public record Catalogue(List<Check> checks, List<String> unknown) {
  public Catalogue {
    checks = checks.stream().sorted(Comparator.comparing(Check::suite)).toList();
    unknown = List.copyOf(unknown);
  }

  /** The cases of ops. */
  public static List<Case> ops() {
    List<Case> cases = new ArrayList<>();
    cases.addAll(PrimitiveCases.all());
    cases.addAll(ActivationCases.all());
    cases.addAll(CompositeCases.all());
    cases.addAll(AttentionCases.all());
    return cases;
  }

  /** These checks and those of another catalogue. */
  public Catalogue and(Catalogue other) {
    List<Check> all = new ArrayList<>(checks);
    all.addAll(other.checks);
    List<String> unmapped = new ArrayList<>(unknown);
    unmapped.addAll(other.unknown);
    return new Catalogue(all, unmapped);
  }

  /** Everything that is built in. */
  public static Catalogue standard() {
    List<Check> checks = new ArrayList<>();
    List<Case> cases = new ArrayList<>(ops());
    cases.addAll(BlockCases.all());
    cases.addAll(LongContextCases.all());
    cases.addAll(ModelCases.all());
    for (Case test : cases) {
      checks.add(new CaseCheck(test));
      if (test.differentiable()) {
        checks.add(new GradientCheck(test));
      }
    }
    checks.addAll(ModelCases.decoding());
    checks.addAll(ErrorChecks.all());
    checks.addAll(SessionChecks.all());
    checks.addAll(TrainerChecks.all());
    checks.addAll(MemoryChecks.all());
    checks.addAll(ConcurrencyChecks.all());
    checks.addAll(ExportChecks.all());
    return new Catalogue(checks, List.of());
  }
}
