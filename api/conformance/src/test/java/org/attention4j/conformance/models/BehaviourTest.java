package org.attention4j.conformance.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Eager;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold of whole models whatever the weights: causality, padding, positions, shapes. */
final class BehaviourTest {
  private static final int TIME = 7;

  /** A model, its token input, and the other inputs. */
  record Case(String name, Model model, String tokens, int vocabulary) {
    @Override
    public String toString() {
      return name;
    }

    Map<String, HostTensor> inputs(HostTensor ids) {
      Map<String, HostTensor> inputs = new LinkedHashMap<>();
      if (!tokens.equals("input_ids")) {
        inputs.put("input_ids", Runs.ids(vocabulary, 1, ids.dim(0), 5));
      }
      inputs.put(tokens, ids);
      return inputs;
    }
  }

  static Stream<Case> causal() {
    return Stream.of(
        new Case("gpt", TinyGpt.standard(), "input_ids", 13),
        new Case("mixed", TinyMixed.standard(), "input_ids", 17),
        new Case("translator", TinyTranslator.standard(), "decoder_input_ids", 11),
        new Case("t5", TinyT5.standard(), "decoder_input_ids", 11));
  }

  static Stream<Case> all() {
    return Stream.concat(
        causal(), Stream.of(new Case("bert", TinyBert.standard(), "input_ids", 13)));
  }

  @ParameterizedTest
  @MethodSource("causal")
  void editingATokenLeavesEarlierOutputsBitIdenticalAndChangesItsOwn(Case c) {
    HostTensor ids = Runs.ids(c.vocabulary, 3, 2, TIME);
    try (Session session = Runs.open(c.model)) {
      HostTensor before = Runs.get(session.run(c.inputs(ids)), "logits");
      for (int j = 0; j < TIME; j++) {
        HostTensor edited = ids.copy();
        edited.set(j, (ids.getLong(j) + 1) % c.vocabulary);
        HostTensor after = Runs.get(session.run(c.inputs(edited)), "logits");
        Runs.assertSame(Runs.rows(before, 0, j), Runs.rows(after, 0, j), "before token " + j);
        assertFalse(
            Runs.rows(before, j, j + 1).equalsExactly(Runs.rows(after, j, j + 1)),
            "token " + j + " does not show");
      }
    }
  }

  @Test
  void aWindowHidesOlderTokensLayerByLayer() {
    TinyMixed model = TinyMixed.standard(); // 2 layers, window 3: a token reaches 2 x (3 - 1) on
    HostTensor ids = Runs.ids(17, 3, 1, 9);
    HostTensor edited = ids.copy();
    edited.set(0, (ids.getLong(0) + 1) % 17);
    try (Session session = Runs.open(model)) {
      HostTensor before = Runs.get(session.run(Map.of("input_ids", ids)), "logits");
      HostTensor after = Runs.get(session.run(Map.of("input_ids", edited)), "logits");
      Runs.assertSame(Runs.rows(before, 5, 9), Runs.rows(after, 5, 9), "beyond the window");
      assertFalse(Runs.rows(before, 4, 5).equalsExactly(Runs.rows(after, 4, 5)));
    }
  }

  static Stream<Case> padded() {
    return all().filter(c -> Set.of("gpt", "mixed", "bert").contains(c.name));
  }

  @ParameterizedTest
  @MethodSource("padded")
  void rightPaddingChangesNothing(Case c) {
    Program program = withMask(c.model);
    HostTensor ids = Runs.ids(c.vocabulary, 4, 2, TIME);
    try (Session session = Runs.open(program, Runs.weights(program, 7))) {
      HostTensor whole = Runs.get(session.run(inputs(ids, ones(2, TIME))), "logits");
      HostTensor longer = padded(ids, 0, 3, c.vocabulary);
      HostTensor mask = padded(ones(2, TIME), 0, 3, 1);
      HostTensor got = Runs.get(session.run(inputs(longer, mask)), "logits");
      Runs.assertClose(whole, Runs.rows(got, 0, TIME), 1e-13, c.name);
    }
  }

  static Stream<Case> positioned() {
    return all().filter(c -> Set.of("gpt", "mixed").contains(c.name));
  }

  @ParameterizedTest
  @MethodSource("positioned")
  void leftPaddingWithPositionIdsChangesNothing(Case c) {
    Program program = withMask(c.model).with("position_ids", TensorType.i64("batch", "time"));
    HostTensor ids = Runs.ids(c.vocabulary, 4, 2, TIME);
    HostTensor positions = HostTensor.zeros(DType.I64, 2, TIME);
    for (int i = 0; i < 2 * TIME; i++) {
      positions.set(i, (long) i % TIME);
    }
    try (Session session = Runs.open(program, Runs.weights(program, 7))) {
      Map<String, HostTensor> plain =
          Runs.with(inputs(ids, ones(2, TIME)), "position_ids", positions);
      HostTensor whole = Runs.get(session.run(plain), "logits");
      Map<String, HostTensor> shifted =
          Runs.with(
              inputs(padded(ids, 3, 0, c.vocabulary), padded(ones(2, TIME), 3, 0, 1)),
              "position_ids",
              padded(positions, 3, 0, 1));
      HostTensor got = Runs.get(session.run(shifted), "logits");
      Runs.assertClose(whole, Runs.rows(got, 3, TIME + 3), 1e-13, c.name);
      assertFalse(hasNaN(got));
    }
  }

  @Test
  void paddingTheSourceOfATranslationChangesNothing() {
    for (Model model : new Model[] {TinyTranslator.standard(), TinyT5.standard()}) {
      Program program = Program.of(model).with("attention_mask", TensorType.i64("batch", "source"));
      HostTensor source = Runs.ids(11, 5, 2, 4);
      HostTensor target = Runs.ids(11, 6, 2, TIME);
      try (Session session = Runs.open(program, Runs.weights(program, 7))) {
        Map<String, HostTensor> plain = inputs(source, ones(2, 4));
        HostTensor whole =
            Runs.get(session.run(Runs.with(plain, "decoder_input_ids", target)), "logits");
        Map<String, HostTensor> longer =
            inputs(padded(source, 0, 2, 11), padded(ones(2, 4), 0, 2, 1));
        HostTensor got =
            Runs.get(session.run(Runs.with(longer, "decoder_input_ids", target)), "logits");
        Runs.assertClose(whole, got, 1e-13, model.toString());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void rowsOfABatchDoNotMeet(Case c) {
    HostTensor ids = Runs.ids(c.vocabulary, 8, 3, TIME);
    HostTensor edited = ids.copy();
    for (int i = 0; i < TIME; i++) {
      edited.set(TIME + i, 0L); // the second row
    }
    try (Session session = Runs.open(c.model)) {
      double[] before = Runs.get(session.run(c.inputs(ids)), "logits").toDoubleArray();
      double[] after = Runs.get(session.run(c.inputs(edited)), "logits").toDoubleArray();
      int row = before.length / 3;
      for (int i = 0; i < before.length; i++) {
        if (i / row != 1) {
          assertEquals(before[i], after[i], "element " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void symbolicTracesRunAtOddSizesSizeOneAndBatchZero(Case c) {
    try (Session session = Runs.open(c.model)) {
      for (long[] shape : new long[][] {{1, 1}, {2, 1}, {1, 7}, {3, 5}, {0, 4}, {5, 16}}) {
        HostTensor ids = Runs.ids(c.vocabulary, 9, shape);
        HostTensor logits = Runs.get(session.run(c.inputs(ids)), "logits");
        assertEquals(shape[0], logits.dim(0));
        assertEquals(shape[1], logits.dim(1));
        assertEquals(c.vocabulary, logits.dim(2));
        assertFalse(hasNaN(logits));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void aTraceAtFixedSizesEqualsTheSymbolicOne(Case c) {
    Program symbolic = Program.of(c.model);
    Weights weights = Runs.weights(symbolic, 7);
    HostTensor ids = Runs.ids(c.vocabulary, 10, 2, TIME);
    Map<String, TensorType> types = new LinkedHashMap<>();
    c.inputs(ids).forEach((n, v) -> types.put(n, TensorType.ofShape(v.dtype(), v.shape())));
    try (Session one = Runs.open(symbolic, weights);
        Session two = Runs.open(new Program(c.model, types), weights)) {
      Map<String, HostTensor> expected = one.run(c.inputs(ids));
      Map<String, HostTensor> got = two.run(c.inputs(ids));
      assertEquals(expected.keySet(), got.keySet());
      expected.forEach((name, value) -> Runs.assertSame(value, Runs.get(got, name), name));
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void runningOpByOpEqualsReplayingTheTrace(Case c) {
    Program program = Program.of(c.model);
    Weights weights = Runs.weights(program, 7);
    Map<String, HostTensor> inputs = c.inputs(Runs.ids(c.vocabulary, 10, 2, TIME));
    SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session traced = Runs.open(program, weights);
        Eager eager = Eager.open(new ReferenceEngine(), weights, options)) {
      Map<String, HostTensor> expected = traced.run(inputs);
      Map<String, HostTensor> got = eager.run(c.model, inputs);
      expected.forEach((name, value) -> Runs.assertSame(value, Runs.get(got, name), name));
    }
  }

  @Test
  void cacheEntriesAreNamedAsExportersExpectThem() {
    Map<Model, Set<String>> wanted =
        Map.of(
            TinyGpt.standard(), Set.of("0.key", "0.value", "1.key", "1.value"),
            TinyT5.standard(),
                Set.of(
                    "0.decoder.key",
                    "0.decoder.value",
                    "0.encoder.key",
                    "0.encoder.value",
                    "1.decoder.key",
                    "1.decoder.value",
                    "1.encoder.key",
                    "1.encoder.value"));
    wanted.forEach(
        (model, entries) -> {
          Graph step = Program.of(model).graph(TraceOptions.primitives().withCache(CacheMode.STEP));
          for (String entry : entries) {
            assertTrue(step.inputs().containsKey("past_key_values." + entry), entry);
            assertTrue(step.outputs().containsKey("present." + entry), entry);
          }
          assertEquals(1 + entries.size(), step.inputs().size(), step.inputs().toString());
          assertEquals(1 + entries.size(), step.outputs().size(), step.outputs().toString());
        });
  }

  @ParameterizedTest
  @MethodSource("all")
  void attentionWeightsAreReportedWhenObservedAndSumToOne(Case c) {
    Program program = Program.of(c.model);
    SessionOptions options =
        SessionOptions.defaults()
            .withPrecision(DType.F64)
            .observing(path -> path.endsWith(".weights"));
    HostTensor ids = Runs.ids(c.vocabulary, 11, 2, TIME);
    try (Session session = new ReferenceEngine().open(program, Runs.weights(program, 7), options)) {
      Map<String, HostTensor> outputs = session.run(c.inputs(ids));
      long maps = outputs.keySet().stream().filter(n -> n.startsWith("observed.")).count();
      assertTrue(maps >= 2, outputs.keySet().toString());
      outputs.forEach(
          (name, value) -> {
            if (name.startsWith("observed.")) {
              assertRowsSumToOne(name, value);
            }
          });
    }
  }

  private static void assertRowsSumToOne(String name, HostTensor weights) {
    assertEquals(4, weights.rank(), name);
    int keys = (int) weights.dim(3);
    for (int row = 0; row < weights.size() / keys; row++) {
      double sum = 0;
      for (int i = 0; i < keys; i++) {
        sum += weights.getDouble((long) row * keys + i);
      }
      assertEquals(1, sum, 1e-12, name);
    }
  }

  @Test
  void attentionWeightsCostNothingWhenNobodyLooks() {
    for (Model model : new Model[] {TinyGpt.standard(), TinyT5.standard()}) {
      String graph = Graph.trace(model).toString();
      assertFalse(graph.contains("observed."), graph);
      String whole =
          Program.of(model)
              .graph(TraceOptions.primitives().keeping((op, types) -> true))
              .toString();
      assertFalse(whole.contains("AttentionWeights"), whole);
    }
  }

  private static Program withMask(Model model) {
    String keys = model instanceof TinyBert ? "time" : "past+time";
    return Program.of(model).with("attention_mask", TensorType.i64("batch", keys));
  }

  private static Map<String, HostTensor> inputs(HostTensor ids, HostTensor mask) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", ids);
    inputs.put("attention_mask", mask);
    return inputs;
  }

  private static HostTensor ones(int batch, int time) {
    HostTensor ones = HostTensor.zeros(DType.I64, batch, time);
    for (int i = 0; i < ones.size(); i++) {
      ones.set(i, 1L);
    }
    return ones;
  }

  /** Rows [batch, time] with columns before and after, of random ids below a bound. */
  private static HostTensor padded(HostTensor rows, int before, int after, int bound) {
    int time = (int) rows.dim(1);
    int longer = before + time + after;
    HostTensor result = Runs.ids(bound, 12, rows.dim(0), longer);
    for (int b = 0; b < rows.dim(0); b++) {
      for (int t = 0; t < time; t++) {
        result.set((long) b * longer + before + t, rows.getLong((long) b * time + t));
      }
    }
    return result;
  }

  private static boolean hasNaN(HostTensor tensor) {
    for (double value : tensor.toDoubleArray()) {
      if (Double.isNaN(value)) {
        return true;
      }
    }
    return false;
  }
}
