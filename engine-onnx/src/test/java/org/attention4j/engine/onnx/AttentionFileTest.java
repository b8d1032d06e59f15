package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.CaseCheck;
import org.attention4j.conformance.Catalogue;
import org.attention4j.conformance.Finding;
import org.attention4j.engine.onnx.session.FileSession;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.error.AttentionException;
import org.attention4j.error.EngineException;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.FunctionProto;
import org.attention4j.onnxformat.proto.ModelProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.op.AttentionCall;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** One file, run with the attention kernel and without it. */
class AttentionFileTest {
  @TempDir Path folder;

  /** Every case of the kit, in the file's own expansion and in the kernel. */
  @TestFactory
  Stream<DynamicTest> attentionCasesAgreeWithTheOracle() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Case test : Catalogue.ops()) {
      boolean written = test.precision() == DType.F32 || test.precision() == DType.F16;
      if (!test.name().startsWith("attention/") || !written) {
        continue;
      }
      for (boolean kernel : new boolean[] {false, true}) {
        Bench bench = Bench.of(new FileEngine(folder, FileEngine.settings(kernel)), 0x5EED1);
        tests.add(
            DynamicTest.dynamicTest(
                test.name() + (kernel ? " with the kernel" : " as the function"),
                () -> {
                  Finding finding = new CaseCheck(test).run(bench);
                  assertEquals(Finding.Status.PASSED, finding.status(), finding.text());
                }));
      }
    }
    assertTrue(tests.size() > 100, "only " + tests.size() + " tests");
    return tests.stream();
  }

  private ModelProto exported(Model model, UnaryOperator<ExportOptions> change) throws IOException {
    Program program = Program.of(model);
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 40, new Random(4));
    Map<String, HostTensor> example =
        model instanceof TestModels.T5
            ? Map.of(
                "input_ids",
                ids,
                "attention_mask",
                Compare.random(TensorType.bool(2, 7), 2, new Random(1)),
                "decoder_input_ids",
                ids)
            : Map.of("input_ids", ids);
    ExportOptions options = change.apply(ExportOptions.of("reference", List.of(example)));
    assertTrue(
        Exporter.get("onnx")
            .export(program, Parameters.init(program, 3), folder, options)
            .passed());
    return OnnxFiles.readModel(folder.resolve("model.onnx"));
  }

  private static Stream<NodeProto> attention(ModelProto model) {
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getDomain().equals("org.attention4j"));
  }

  @Test
  void layersShareOneFunctionThatReadersOf2022Know() throws IOException {
    ModelProto model = exported(TestModels.Gpt.tiny(), options -> options);
    assertEquals(1, model.getFunctionsCount());
    assertEquals("", model.getFunctions(0).getOverload());
    assertEquals(8, model.getIrVersion());
    assertEquals(2, attention(model).count());
    assertTrue(
        model.getGraph().getNodeList().stream().noneMatch(n -> n.getOpType().equals("Transpose")),
        "transpositions of heads and time belong to the node");
  }

  @Test
  void attentionOfOtherKindsIsOtherOverloads() throws IOException {
    ModelProto model = exported(TestModels.T5.tiny(), options -> options);
    Set<String> overloads = new LinkedHashSet<>();
    model.getFunctionsList().stream().map(FunctionProto::getOverload).forEach(overloads::add);
    assertEquals(3, overloads.size(), "encoder, decoder and cross-attention");
    assertEquals(6, attention(model).count());
    assertEquals(
        overloads, new LinkedHashSet<>(attention(model).map(NodeProto::getOverload).toList()));
    assertEquals(10, model.getIrVersion());
  }

  @Test
  void primitivesHaveNoFunctions() throws IOException {
    ModelProto model =
        exported(TestModels.Gpt.tiny(), o -> o.withAttention(AttentionForm.PRIMITIVES));
    assertEquals(0, model.getFunctionsCount());
    assertEquals(0, attention(model).count());
    UsageException unknown = assertThrows(UsageException.class, () -> AttentionForm.parse("flash"));
    assertEquals(
        "attention is written as one of [function, primitives, gqa, opset23], not 'flash'",
        unknown.getMessage());
  }

  @Test
  void headsAboveTheOperatorsLimitStayPrimitives() {
    TensorType wide = TensorType.f32("batch", 1, "time", 257);
    Model model =
        new Compare.Expression(
            Compare.inputs(wide, wide, wide),
            in -> AttentionCall.of(in.get("x0"), in.get("x1"), in.get("x2")).apply());
    OnnxModel lowered = FileEngine.lower(Program.of(model), Weights.empty(), DType.F32);
    assertEquals(0, lowered.proto().getFunctionsCount());
  }

  @Test
  void aCacheGrowsAlikeBothWays() throws IOException {
    for (Model model : List.of(TestModels.Gpt.tiny(), TestModels.Llama.tiny())) {
      exported(model, options -> options.withCache(true));
      Path file = folder.resolve("model.onnx");
      try (FileSession with = FileSession.open(file, FileEngine.settings(true));
          FileSession without = FileSession.open(file, FileEngine.settings(false));
          Decoding kernel = with.decode();
          Decoding function = without.decode()) {
        for (int time : List.of(5, 1, 1, 3, 1)) {
          HostTensor ids = Compare.random(TensorType.i64(3, time), 40, new Random(time));
          Map<String, HostTensor> input = Map.of("input_ids", ids);
          Compare.equal(model + " " + time, function.next(input), kernel.next(input), 1e-5);
        }
      }
    }
  }

  /** The model with the code of its first attention node changed. */
  private Path hostile(ModelProto model, UnaryOperator<List<Long>> change) throws IOException {
    ModelProto.Builder copy = model.toBuilder();
    NodeProto.Builder node =
        copy.getGraphBuilder().getNodeBuilderList().stream()
            .filter(n -> n.getDomain().equals("org.attention4j"))
            .findFirst()
            .orElseThrow();
    List<Long> code = change.apply(new ArrayList<>(node.getAttribute(0).getIntsList()));
    node.setAttribute(0, node.getAttribute(0).toBuilder().clearInts().addAllInts(code));
    return written(copy.build());
  }

  private Path written(ModelProto model) throws IOException {
    Path file = folder.resolve("hostile.onnx");
    OnnxFiles.writeModel(file, new OnnxModel(model, Map.of()), false);
    return file;
  }

  /** Opens and runs it with the kernel; what went wrong, or an empty text. */
  private static String run(Path file) {
    HostTensor ids = HostTensor.of(new long[] {1, 2, 3, 4, 5, 6}, 2, 3);
    try (FileSession session = FileSession.open(file, FileEngine.settings(true))) {
      session.run(Map.of("input_ids", ids));
      return "";
    } catch (AttentionException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void hostileCodesAreErrorsOrHarmless() throws IOException {
    ModelProto model = exported(TestModels.Gpt.tiny(), options -> options);
    assertEquals("", run(hostile(model, code -> code)));
    int length = attention(model).findFirst().orElseThrow().getAttribute(0).getIntsCount();
    int errors = 0;
    long[] numbers = {
      -1, 0, 2, 3, 5, 64, 1L << 40, Long.MIN_VALUE, Long.MAX_VALUE, Double.doubleToRawLongBits(-1)
    };
    for (int at = 0; at < length; at++) {
      for (long number : numbers) {
        int place = at;
        Path file =
            hostile(
                model,
                code -> {
                  code.set(place, number);
                  return code;
                });
        errors += run(file).isEmpty() ? 0 : 1;
      }
    }
    assertTrue(errors > 50, "only " + errors + " refused");
    assertTrue(run(hostile(model, code -> code.subList(0, 4))).contains("code is too short"));
    assertTrue(run(hostile(model, code -> List.of())).contains("code"), "an empty code");
    String operands =
        run(
            hostile(
                model,
                code -> {
                  code.set(1, 4L);
                  return code;
                }));
    assertTrue(operands.contains("the attention code is of 4 operands, the node has 3"), operands);
  }

  @Test
  void nodesThatAreNoAttentionAreErrors() throws IOException {
    ModelProto model = exported(TestModels.Gpt.tiny(), options -> options);
    for (int change = 0; change < 4; change++) {
      ModelProto.Builder copy = model.toBuilder();
      NodeProto.Builder node =
          copy.getGraphBuilder().getNodeBuilderList().stream()
              .filter(n -> n.getDomain().equals("org.attention4j"))
              .findFirst()
              .orElseThrow();
      switch (change) {
        case 0 -> node.clearAttribute();
        case 1 ->
            node.setAttribute(
                0,
                node.getAttribute(0).toBuilder()
                    .clearInts()
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(1));
        case 2 -> node.addInput("input_ids");
        default -> node.setInput(1, "wpe.weight");
      }
      assertNotEquals("", run(written(copy.build())), "change " + change);
    }
  }

  @Test
  void aLibraryThatIsNoneIsAnError() throws IOException {
    exported(TestModels.Gpt.tiny(), options -> options);
    Path file = folder.resolve("model.onnx");
    OrtSettings settings = FileEngine.settings(false).withOperators(Path.of("no-such-library.so"));
    EngineException error =
        assertThrows(EngineException.class, () -> FileSession.open(file, settings));
    assertTrue(String.valueOf(error.getMessage()).contains("no-such-library"), error.getMessage());
  }

  @Test
  void severalThreadsMayRunOneSession() throws Exception {
    exported(TestModels.Gpt.tiny(), options -> options);
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 40, new Random(4));
    try (FileSession session =
        FileSession.open(folder.resolve("model.onnx"), FileEngine.settings(true))) {
      float[] expected = logits(session, ids);
      List<Thread> threads = new ArrayList<>();
      List<Throwable> failures = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Thread thread =
            new Thread(
                () -> {
                  for (int run = 0; run < 50; run++) {
                    assertTrue(Arrays.equals(expected, logits(session, ids)), "same bits");
                  }
                });
        thread.setUncaughtExceptionHandler(
            (t, e) -> {
              synchronized (failures) {
                failures.add(e);
              }
            });
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), failures);
    }
  }

  private static float[] logits(FileSession session, HostTensor ids) {
    return Compare.named(session.run(Map.of("input_ids", ids)), "logits").toFloatArray();
  }
}
