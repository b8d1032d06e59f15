package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole models in ONNX Runtime against the float64 reference, at several sizes, cached and not. */
class ModelParityTest {
  private static final double TOLERANCE = 2e-5;

  static Stream<Model> models() {
    return Stream.of(TestModels.Gpt.tiny(), TestModels.Llama.tiny(), TestModels.T5.tiny());
  }

  @ParameterizedTest
  @MethodSource("models")
  void logitsAgreeAtEveryBatchAndTime(Model model) {
    Program program = Program.of(model);
    Weights weights = Parameters.init(program, 5);
    try (Session expected = oracle(program, weights);
        Session actual = new OnnxEngine().open(program, weights, SessionOptions.defaults())) {
      for (Map<String, Long> sizes :
          List.of(
              Map.of("batch", 1L, "time", 1L, "source", 1L),
              Map.of("batch", 2L, "time", 7L, "source", 5L),
              Map.of("batch", 3L, "time", 13L, "source", 17L))) {
        Map<String, HostTensor> inputs = inputs(program, sizes);
        Compare.equal(sizes.toString(), expected.run(inputs), actual.run(inputs), TOLERANCE);
      }
      Map<String, HostTensor> none = inputs(program, Map.of("batch", 0L, "time", 3L, "source", 4L));
      Compare.equal("batch 0", expected.run(none), actual.run(none), 0);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void decodingWithACacheAgreesWithWholeSequences(Model model) {
    Program program = Program.of(model);
    Weights weights = Parameters.init(program, 6);
    Map<String, HostTensor> all = inputs(program, Map.of("batch", 2L, "time", 9L, "source", 5L));
    String growing = all.containsKey("decoder_input_ids") ? "decoder_input_ids" : "input_ids";
    HostTensor ids = Compare.named(all, growing);
    try (Session expected = oracle(program, weights);
        Session actual = new OnnxEngine().open(program, weights, SessionOptions.defaults());
        Decoding decoding = actual.decode();
        Decoding other = actual.decode()) {
      HostTensor whole = Compare.named(expected.run(all), "logits");
      int from = 0;
      for (int to : new int[] {4, 5, 6, 9}) { // a prompt, single tokens, several at once
        Map<String, HostTensor> step = new LinkedHashMap<>(all);
        step.put(growing, columns(ids, from, to));
        HostTensor logits = Compare.named(decoding.next(step), "logits");
        Compare.equal("slots " + from + " to " + to, columns(whole, from, to), logits, TOLERANCE);
        assertEquals(to, decoding.length());
        from = to;
      }
      Map<String, HostTensor> restart = new LinkedHashMap<>(all);
      restart.put(growing, columns(ids, 0, 2));
      Compare.equal(
          "a second decoding has a cache of its own",
          columns(whole, 0, 2),
          Compare.named(other.next(restart), "logits"),
          TOLERANCE);
    }
  }

  private static Session oracle(Program program, Weights weights) {
    return new ReferenceEngine()
        .open(program, weights, SessionOptions.defaults().withPrecision(DType.F64));
  }

  private static Map<String, HostTensor> inputs(Program program, Map<String, Long> sizes) {
    Random random = new Random(3);
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    program
        .inputs()
        .forEach((name, type) -> inputs.put(name, Compare.random(type.bind(sizes), 40, random)));
    return inputs;
  }

  /** [batch, from:to, ..] of [batch, time, ..]. */
  private static HostTensor columns(HostTensor tensor, long from, long to) {
    long[] shape = tensor.shape();
    long row = 1;
    for (int i = 2; i < shape.length; i++) {
      row *= shape[i];
    }
    long time = shape[1];
    shape[1] = to - from;
    HostTensor result = HostTensor.zeros(tensor.dtype(), shape);
    long count = (to - from) * row;
    for (long b = 0; b < shape[0]; b++) {
      for (long i = 0; i < count; i++) {
        long source = (b * time + from) * row + i;
        if (tensor.dtype().isFloating()) {
          result.set(b * count + i, tensor.getDouble(source));
        } else {
          result.set(b * count + i, tensor.getLong(source));
        }
      }
    }
    return result;
  }
}
