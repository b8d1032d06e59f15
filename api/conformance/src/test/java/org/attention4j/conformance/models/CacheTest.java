package org.attention4j.conformance.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceExecutor;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One code path: a model decoded through the cache computes what it computes without. */
final class CacheTest {
  private static final int TIME = 9;
  private static final int SOURCE = 5;
  private static final int BATCH = 2;
  private static final double EPSILON = 1e-12;

  /** A model and which of its inputs grows. */
  record Decoder(String name, Model model, String growing, int vocabulary) {
    @Override
    public String toString() {
      return name;
    }

    Map<String, HostTensor> inputs() {
      Map<String, HostTensor> inputs = new LinkedHashMap<>();
      if (!growing.equals("input_ids")) {
        inputs.put("input_ids", Runs.ids(vocabulary, 1, BATCH, SOURCE));
      }
      inputs.put(growing, Runs.ids(vocabulary, 2, BATCH, TIME));
      return inputs;
    }
  }

  static Stream<Decoder> decoders() {
    return Stream.of(
        new Decoder("gpt", TinyGpt.standard(), "input_ids", 13),
        new Decoder("mixed", TinyMixed.standard(), "input_ids", 17),
        new Decoder("translator", TinyTranslator.standard(), "decoder_input_ids", 11),
        new Decoder("t5", TinyT5.standard(), "decoder_input_ids", 11));
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void cachedEqualsUncached(Decoder decoder) {
    Map<String, HostTensor> inputs = decoder.inputs();
    try (Session session = Runs.open(decoder.model)) {
      HostTensor whole = Runs.get(session.run(inputs), "logits");
      for (List<Integer> cuts : List.of(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9), List.of(4, 5, 9))) {
        try (Decoding decoding = session.decode()) {
          int from = 0;
          for (int to : cuts) {
            HostTensor fresh = Runs.rows(Runs.get(inputs, decoder.growing), from, to);
            HostTensor part =
                Runs.get(decoding.next(Runs.with(inputs, decoder.growing, fresh)), "logits");
            Runs.assertClose(Runs.rows(whole, from, to), part, EPSILON, "rows " + from + ".." + to);
            assertEquals(to, decoding.length());
            from = to;
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void staticCacheEqualsUncachedWhateverTheFreeSlotsHold(Decoder decoder) {
    int capacity = TIME + 3;
    Map<String, HostTensor> inputs = decoder.inputs();
    Program program = Program.of(decoder.model);
    Weights weights = Runs.weights(program, 7);
    ReferenceExecutor executor = new ReferenceExecutor(DType.F64);
    Graph graph =
        program.graph(TraceOptions.primitives().withCache(CacheMode.STATIC)); // writes at a slot
    Map<String, HostTensor> cache = new HashMap<>();
    try (Session session = Runs.open(program, weights)) {
      HostTensor whole = Runs.get(session.run(inputs), "logits");
      Map<String, HostTensor> prefilled = prefill(program, weights, inputs, executor);
      int from = 0;
      for (int to : new int[] {1, 3, 4, 9}) {
        Map<String, HostTensor> fed = new LinkedHashMap<>();
        fed.put("cache_length", HostTensor.scalar((long) from));
        fed.put(decoder.growing, Runs.rows(Runs.get(inputs, decoder.growing), from, to));
        inputs.forEach(fed::putIfAbsent);
        graph
            .inputTypes()
            .forEach(
                (name, type) -> {
                  if (name.startsWith("past_key_values.")) {
                    fed.put(
                        name,
                        cache.computeIfAbsent(name, n -> first(n, type, capacity, prefilled)));
                  }
                });
        Map<String, HostTensor> outputs = Runs.run(graph, weights, fed, executor);
        Runs.assertClose(
            Runs.rows(whole, from, to),
            Runs.get(outputs, "logits"),
            EPSILON,
            "rows " + from + ".." + to);
        outputs.forEach(
            (name, value) -> cache.put(name.replace("present.", "past_key_values."), value));
        from = to;
      }
    }
  }

  /** Cross-attention entries as the prefill made them; the others full of garbage. */
  private static HostTensor first(
      String name, TensorType type, int capacity, Map<String, HostTensor> prefilled) {
    if (name.contains(".encoder.")) {
      return Runs.get(prefilled, name.replace("past_key_values.", "present."));
    }
    long[] shape = type.bind(Map.of("batch", (long) BATCH, "capacity", (long) capacity)).shape();
    HostTensor buffer = HostTensor.zeros(DType.F64, shape);
    for (long i = 0; i < buffer.size(); i++) {
      buffer.set(i, 1e3 * (i % 7 - 3));
    }
    return buffer;
  }

  private static Map<String, HostTensor> prefill(
      Program program,
      Weights weights,
      Map<String, HostTensor> inputs,
      ReferenceExecutor executor) {
    Graph graph = program.graph(TraceOptions.primitives().withCache(CacheMode.PREFILL));
    return Runs.run(graph, weights, inputs, executor);
  }
}
