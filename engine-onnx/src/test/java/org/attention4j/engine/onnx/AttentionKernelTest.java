package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.attention4j.error.EngineException;
import org.attention4j.nn.Model;
import org.attention4j.op.AttentionCall;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** The session property that says what runs attention. */
class AttentionKernelTest {
  private static final SessionOptions OPTIONS = SessionOptions.defaults().withThreads(2);

  private static Session open(Model model, SessionOptions options) {
    Program program = Program.of(model);
    return new OnnxEngine().open(program, Parameters.init(program, 5), options);
  }

  private static Model wide() {
    TensorType heads = TensorType.f32("batch", 1, "time", 300);
    return new Compare.Expression(
        Compare.inputs(heads, heads, heads),
        in -> AttentionCall.of(in.get("x0"), in.get("x1"), in.get("x2")).apply());
  }

  private static String refusal(Model model, SessionOptions options) {
    return String.valueOf(
        assertThrows(EngineException.class, () -> open(model, options)).getMessage());
  }

  @Test
  void theDescriptionSaysWhatRunsAttentionAndWhy() {
    Model gpt = TestModels.Gpt.tiny();
    try (Session auto = open(gpt, OPTIONS);
        Session none = open(gpt, OPTIONS.with("attention", "none"));
        Session named = open(gpt, OPTIONS.with("attention", "flash-cpu"));
        Session exact = open(gpt, OPTIONS.withPrecision(DType.F64))) {
      assertTrue(auto.description().contains("attention by flash-cpu "), auto.description());
      assertTrue(
          auto.description()
              .endsWith("(auto), a decoder's cache in place where its attention allows, in f32"),
          auto.description());
      assertTrue(
          none.description().endsWith("attention by ONNX Runtime (asked for)"), none.description());
      assertTrue(
          named.description().contains("(asked for), a decoder's cache"), named.description());
      assertTrue(
          exact
              .description()
              .endsWith("attention by ONNX Runtime (flash-cpu: it does not compute in f64)"),
          exact.description());
    }
  }

  @Test
  void whatIsAskedForAndNotThereIsAnErrorWithTheReason() {
    Model gpt = TestModels.Gpt.tiny();
    assertEquals(
        "there is no attention named 'fast'; available: flash-cpu, none, auto",
        refusal(gpt, OPTIONS.with("attention", "fast")));
    String exact = refusal(gpt, OPTIONS.withPrecision(DType.F64).with("attention", "flash-cpu"));
    assertTrue(exact.contains("it does not compute in f64"), exact);
    String declined = refusal(wide(), OPTIONS.with("attention", "flash-cpu"));
    assertTrue(declined.contains("cannot be used: the node Attention cannot express"), declined);
  }

  @Test
  void whatTheKernelDeclinesIsExpandedWhereTheChoiceIsFree() {
    HostTensor x = Compare.random(TensorType.f32(1, 1, 3, 300), 2, new Random(1));
    Map<String, HostTensor> inputs = Map.of("x0", x, "x1", x, "x2", x);
    Program program = Program.of(wide());
    try (Session auto = open(wide(), OPTIONS);
        Session none = open(wide(), OPTIONS.with("attention", "none"));
        Session empty = new OnnxEngine().open(program, Weights.empty(), OPTIONS)) {
      Compare.equal("auto", none.run(inputs), auto.run(inputs), 1e-6);
      Compare.equal("again", none.run(inputs), empty.run(inputs), 1e-6);
    }
  }

  @Test
  void theKernelAgreesWithOnnxRuntimeWholeAndInSteps() {
    for (Model model : new Model[] {TestModels.Gpt.tiny(), TestModels.Llama.tiny()}) {
      try (Session kernel = open(model, OPTIONS.with("attention", "flash-cpu"));
          Session none = open(model, OPTIONS.with("attention", "none"));
          Decoding a = kernel.decode();
          Decoding b = none.decode()) {
        for (int time : new int[] {9, 1, 2}) {
          HostTensor ids = Compare.random(TensorType.i64(2, time), 40, new Random(time));
          Map<String, HostTensor> input = Map.of("input_ids", ids);
          Compare.equal("whole " + time, none.run(input), kernel.run(input), 1e-5);
          Compare.equal("step " + time, b.next(input), a.next(input), 1e-5);
        }
      }
    }
  }
}
