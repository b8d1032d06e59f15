package org.attention4j.op;

import static org.attention4j.op.GradientCheck.Operand.between;
import static org.attention4j.op.GradientCheck.Operand.integers;
import static org.attention4j.op.GradientCheck.Operand.real;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.op.GradientCheck.Case;
import org.attention4j.op.GradientCheck.Operand;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradient of every composite, expanded and as {@link Backward}, against differences. */
final class CompositeGradientTest {
  private static final int QUERIES = 4;
  private static final int KEYS = 6;

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Activation.Kind kind : Activation.Kind.values()) {
      cases.add(
          Case.of(kind.name(), in -> Activation.apply(kind, in.get(0)), between(-4, 4, 3, 7)));
    }
    cases.addAll(layers());
    cases.addAll(losses());
    cases.addAll(attentions());
    return cases.stream();
  }

  private static List<Case> layers() {
    RotaryEmbedding partial = RotaryEmbedding.of(4, 100, true);
    RotaryEmbedding halves = new RotaryEmbedding(List.of(1.0, 0.3, 0.1), 1.2, false);
    return List.of(
        Case.of(
            "Affine",
            in -> in.get(0).apply(new Affine(true), in.get(1), in.get(2)),
            real(2, 3, 4),
            real(5, 4),
            real(5)),
        Case.of(
            "Affine of a vector, [in, out]",
            in -> in.get(0).apply(new Affine(false), in.get(1)),
            real(4),
            real(4, 3)),
        Case.of(
            "LayerNormalization",
            in -> in.get(0).apply(new LayerNormalization(1e-5), in.get(1), in.get(2)),
            real(2, 3, 5),
            real(5),
            real(5)),
        Case.of(
            "LayerNormalization without bias",
            in -> in.get(0).apply(new LayerNormalization(1e-3), in.get(1)),
            real(3, 4),
            real(4)),
        Case.of(
            "RmsNormalization",
            in -> in.get(0).apply(new RmsNormalization(1e-6), in.get(1)),
            real(2, 3, 5),
            real(5)),
        Case.of(
            "RotaryEmbedding, partial and interleaved",
            in -> in.get(0).apply(partial, in.get(1)),
            real(2, 2, 3, 5),
            integers(new long[] {4, 0, 9}, 3)),
        Case.of(
            "RotaryEmbedding of a batch of positions",
            in -> in.get(0).apply(halves, in.get(1)),
            real(2, 1, 2, 6),
            integers(new long[] {4, 0, 9, 2}, 2, 2)),
        Case.of(
            "Dropout",
            in -> in.get(0).apply(new Dropout(0.4, 17), in.get(1)),
            real(4, 5),
            integers(new long[] {123})),
        experts("MixtureOfExperts, one of three", new MixtureOfExperts(1, silu(), false, false)),
        experts("MixtureOfExperts, two, gated", new MixtureOfExperts(2, silu(), true, true)));
  }

  private static Activation.Kind silu() {
    return Activation.Kind.SILU;
  }

  private static Case experts(String name, MixtureOfExperts op) {
    List<Operand> operands = new ArrayList<>();
    operands.add(real(2, 3, 4));
    operands.add(between(-3, 3, 3, 4));
    operands.add(real(3, 4, 2));
    operands.add(real(3, 2, 4));
    if (op.gated()) {
      operands.add(real(3, 4, 2));
    }
    return new Case(name, operands, in -> Tensor.run(in.get(0).executor(), op, in));
  }

  private static List<Case> losses() {
    Operand labels = integers(new long[] {2, -100, 0, 4, 4, 1}, 2, 3);
    CrossEntropy sum = new CrossEntropy(4, 0.1, CrossEntropy.Reduction.SUM);
    return List.of(
        Case.of("LogSoftmax", in -> in.get(0).apply(new LogSoftmax()), between(-3, 3, 2, 5)),
        Case.of(
            "CrossEntropy",
            in -> in.get(0).apply(CrossEntropy.mean(), in.get(1)),
            between(-3, 3, 2, 3, 5),
            labels),
        Case.of(
            "CrossEntropy, smoothed and summed",
            in -> in.get(0).apply(sum, in.get(1)),
            between(-3, 3, 2, 3, 5),
            integers(new long[] {2, 4, 0, 4, 3, 1}, 2, 3)));
  }

  private interface Change {
    AttentionCall apply(AttentionCall call, List<Tensor> rest);
  }

  /** Four query heads on two key heads; the output and the log-sum-exp. */
  private static Case attention(String name, Change change, Operand... rest) {
    List<Operand> operands = new ArrayList<>();
    operands.add(real(2, 4, QUERIES, 3));
    operands.add(real(2, 2, KEYS, 3));
    operands.add(real(2, 2, KEYS, 2));
    operands.addAll(List.of(rest));
    return new Case(
        "Attention, " + name,
        operands,
        in ->
            change
                .apply(AttentionCall.of(in.get(0), in.get(1), in.get(2)), in.subList(3, in.size()))
                .applyWithLogSumExp());
  }

  private static List<Case> attentions() {
    Operand padding = integers(new long[] {1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1}, 2, KEYS);
    return List.of(
        attention("plain", (call, rest) -> call),
        attention("causal from slot 2", (c, rest) -> c.mask(Mask.causal()).start(Start.at(2))),
        attention(
            "softcap, scale, ALiBi, window",
            (c, rest) ->
                c.mask(Mask.causal().and(Mask.window(3)))
                    .start(Start.at(1))
                    .softcap(1.5)
                    .scale(0.9)
                    .alibi(Positions.alibiSlopes(4))),
        attention(
            "bias and padding",
            (c, rest) -> c.mask(Mask.keys(rest.get(1))).bias(rest.get(0)),
            real(1, 4, QUERIES, KEYS),
            padding),
        attention(
            "start at run time",
            (c, rest) -> c.mask(Mask.causal()).start(Start.at(rest.get(0))),
            integers(new long[] {1})),
        attention(
            "dropout", (c, rest) -> c.dropout(0.3, rest.get(0), 5), integers(new long[] {77})),
        new Case(
            "AttentionWeights",
            List.of(real(1, 2, 3, 2), real(1, 2, 4, 2), real(1, 2, 4, 2)),
            in ->
                List.of(
                    AttentionCall.of(in.get(0), in.get(1), in.get(2))
                        .mask(Mask.causal())
                        .start(Start.at(1))
                        .weights())));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalsCentralDifferences(Case test) {
    GradientCheck.run(test, 3);
  }

  /** The log-sum-exp of an empty row is -infinity: only the output is weighed here. */
  @Test
  void aQueryWithNothingToAttendToHasGradientZero() {
    Operand nothing = integers(new long[] {0, 0, 0, 1, 1, 0}, 2, 3);
    Case test =
        Case.of(
            "Attention, empty rows",
            in ->
                AttentionCall.of(in.get(0), in.get(1), in.get(2))
                    .mask(Mask.keys(in.get(3)))
                    .apply(),
            real(2, 1, 2, 3),
            real(2, 1, 3, 3),
            real(2, 1, 3, 3),
            nothing);
    GradientCheck.run(test, 4);
  }

  @Test
  void everyCompositeOfThePackageIsInACase() throws Exception {
    Set<Class<?>> seen = new HashSet<>();
    seen.add(Backward.class); // every case that is kept whole
    cases()
        .forEach(
            c ->
                Graph.trace(c, c.inputs(), TraceOptions.primitives().keeping((op, types) -> true))
                    .nodes()
                    .forEach(node -> seen.add(node.op().getClass())));
    Set<String> missing = new TreeSet<>();
    Set<Class<?>> all = composites();
    assertFalse(all.isEmpty());
    all.stream().filter(type -> !seen.contains(type)).forEach(t -> missing.add(t.getName()));
    assertEquals(Set.of(), missing);
  }

  private static Set<Class<?>> composites()
      throws IOException, URISyntaxException, ClassNotFoundException {
    String here = "/org/attention4j/op/Attention.class";
    Path folder =
        Objects.requireNonNull(
            Path.of(Objects.requireNonNull(Attention.class.getResource(here)).toURI()).getParent());
    Set<Class<?>> found = new HashSet<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(".class") && !name.equals("package-info.class")) {
          Class<?> type =
              Class.forName("org.attention4j.op." + name.substring(0, name.length() - 6));
          if (Composite.class.isAssignableFrom(type)) {
            found.add(type);
          }
        }
      }
    }
    return found;
  }
}
