package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.CaseCheck;
import org.attention4j.conformance.Catalogue;
import org.attention4j.conformance.Finding;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.ModelProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.op.Start;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Attention as the operator of opset 23, and as primitives where that is another thing. */
class StandardAttentionTest {
  private static final AttentionForm FORM = AttentionForm.OPSET23;

  @TempDir Path folder;

  /** Every case of the kit: masks, caches, empty rows, biases, caps, grouped heads. */
  @TestFactory
  Stream<DynamicTest> attentionCasesAgreeWithTheOracle() {
    Bench bench = Bench.of(new FileEngine(folder, FileEngine.settings(false), FORM), 0x5EED2);
    List<DynamicTest> tests = new ArrayList<>();
    for (Case test : Catalogue.ops()) {
      boolean written = test.precision() == DType.F32 || test.precision() == DType.F16;
      if (test.name().startsWith("attention/") && written) {
        tests.add(
            DynamicTest.dynamicTest(
                test.name(),
                () -> {
                  Finding finding = new CaseCheck(test).run(bench);
                  assertEquals(Finding.Status.PASSED, finding.status(), finding.text());
                }));
      }
    }
    assertTrue(tests.size() > 50, "only " + tests.size() + " tests");
    return tests.stream();
  }

  private static ModelProto lowered(DType precision, UnaryOperator<AttentionCall> how) {
    TensorType query = TensorType.f32("batch", 4, "time", 8);
    TensorType key = TensorType.f32("batch", 2, "past+time", 8);
    Model model =
        new Compare.Expression(
            Compare.inputs(query, key, key, TensorType.f32("batch", 2, "past", 1)),
            in -> how.apply(AttentionCall.of(in.get("x0"), in.get("x1"), in.get("x2"))).apply());
    return FileEngine.lower(Program.of(model), Weights.empty(), precision, FORM).proto();
  }

  private static List<NodeProto> nodes(ModelProto model, String type) {
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getOpType().equals(type))
        .toList();
  }

  private static long causal(NodeProto node) {
    return node.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals("is_causal"))
        .mapToLong(AttributeProto::getI)
        .sum();
  }

  @Test
  void causalFromTheFirstSlotIsAnAttributeAndEverythingElseAMask() {
    ModelProto first = lowered(DType.F32, c -> c.mask(Mask.causal()).start(Start.at(0)));
    assertEquals(23, first.getOpsetImport(0).getVersion());
    assertEquals(11, first.getIrVersion());
    assertEquals(1, first.getGraph().getNodeCount());
    assertEquals(3, first.getGraph().getNode(0).getInputCount());
    assertEquals(1, causal(first.getGraph().getNode(0)));

    ModelProto later = lowered(DType.F32, c -> c.mask(Mask.causal()).start(Start.at(3)));
    NodeProto masked = nodes(later, "Attention").get(0);
    assertEquals(4, masked.getInputCount());
    assertEquals(0, causal(masked), "what it means behind a cache has changed");
    assertEquals(0, nodes(later, "Where").size(), "no row is empty");

    ModelProto before = lowered(DType.F16, c -> c.mask(Mask.causal()).start(Start.at(-3)));
    assertEquals(1, nodes(before, "Attention").size());
    assertFalse(nodes(before, "ReduceMax").isEmpty(), "rows may be empty");

    ModelProto distance =
        lowered(DType.F32, c -> c.alibi(Positions.alibiSlopes(4)).start(Start.at(0)));
    assertEquals(4, nodes(distance, "Attention").get(0).getInputCount());
  }

  @Test
  void whatRuntimesDisagreeOnStaysPrimitives() {
    assertEquals(1, nodes(lowered(DType.F32, c -> c.softcap(5)), "Attention").size());
    assertEquals(
        0, nodes(lowered(DType.F32, c -> c.softcap(5).mask(Mask.causal())), "Attention").size());
    assertEquals(0, nodes(lowered(DType.F32, c -> c.scale(0)), "Attention").size());
    assertEquals(0, nodes(lowered(DType.F64, c -> c), "Attention").size());
  }

  private ExportReport exported(Model model, Map<String, HostTensor> example, boolean cache) {
    Program program = Program.of(model);
    ExportOptions options =
        ExportOptions.of("reference", List.of(example)).withAttention(FORM).withCache(cache);
    ExportReport report =
        Exporter.get("onnx").export(program, Parameters.init(program, 3), folder, options);
    assertTrue(report.passed(), report.toString());
    return report;
  }

  @Test
  void aDecoderSharesItsMaskAndSaysWhatBecameANode() throws IOException {
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 40, new Random(4));
    for (boolean cache : new boolean[] {false, true}) {
      ExportReport report = exported(TestModels.Gpt.tiny(), Map.of("input_ids", ids), cache);
      assertEquals(
          List.of("model.onnx: 2 as nodes Attention, 0 as primitives"), report.attention());
      assertTrue(report.target().startsWith("opset 23,"), report.target());
      List<NodeProto> nodes = nodes(OnnxFiles.readModel(folder.resolve("model.onnx")), "Attention");
      assertEquals(2, nodes.size());
      if (cache) {
        assertEquals(nodes.get(0).getInput(3), nodes.get(1).getInput(3), "layers share it");
      }
    }
  }

  @Test
  void cappedScoresOfADecoderArePrimitivesAndTheReportSaysWhy() {
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 40, new Random(4));
    String line =
        exported(TestModels.Llama.tiny(), Map.of("input_ids", ids), true).attention().get(0);
    assertTrue(line.startsWith("model.onnx: 0 as nodes Attention, 2 as primitives; 2: "), line);
    assertTrue(line.contains("softcap"), line);
  }

  @Test
  void anEncoderAndItsDecoderAreComparedToo() {
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 40, new Random(4));
    HostTensor mask = Compare.random(TensorType.bool(2, 7), 2, new Random(1));
    Map<String, HostTensor> example =
        Map.of("input_ids", ids, "attention_mask", mask, "decoder_input_ids", ids);
    ExportReport report = exported(TestModels.T5.tiny(), example, false);
    assertEquals(List.of("model.onnx: 6 as nodes Attention, 0 as primitives"), report.attention());
  }

  @Test
  void aTrainingStepRefusesIt() {
    Program program = Program.of(TestModels.Gpt.tiny());
    ExportOptions options =
        ExportOptions.of(
                "reference", List.of(Map.of("input_ids", HostTensor.of(new long[] {1, 2}, 1, 2))))
            .withAttention(FORM)
            .withTrainingStep(AdamW.lr(1e-3));
    UsageException error =
        assertThrows(
            UsageException.class,
            () ->
                Exporter.get("onnx").export(program, Parameters.init(program, 3), folder, options));
    assertTrue(String.valueOf(error.getMessage()).contains("opset23"), error.toString());
  }

  @Test
  void aSessionMayRunItAndSaysSo() {
    Program program = Program.of(TestModels.Gpt.tiny());
    Weights weights = Parameters.init(program, 3);
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 40, new Random(4));
    OnnxEngine engine = new OnnxEngine();
    try (Session session =
            engine.open(program, weights, SessionOptions.defaults().with("attention", "opset23"));
        Session plain =
            engine.open(program, weights, SessionOptions.defaults().with("attention", "none"))) {
      assertTrue(
          session.description().contains("2 as nodes Attention, 0 as primitives"),
          session.description());
      Map<String, HostTensor> input = Map.of("input_ids", ids);
      Compare.equal("session", plain.run(input), session.run(input), 1e-5);
      try (Decoding steps = session.decode();
          Decoding plainSteps = plain.decode()) {
        for (int time : List.of(5, 1, 3)) {
          Map<String, HostTensor> step =
              Map.of("input_ids", Compare.random(TensorType.i64(2, time), 40, new Random(time)));
          Compare.equal("step of " + time, plainSteps.next(step), steps.next(step), 1e-5);
        }
      }
    }
  }
}
