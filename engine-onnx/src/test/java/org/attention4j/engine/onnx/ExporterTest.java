package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.attention4j.conformance.models.TinyGpt;
import org.attention4j.engine.onnx.export.OnnxExporter;
import org.attention4j.error.EngineException;
import org.attention4j.error.StorageException;
import org.attention4j.nn.Model;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.Tensors;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.ModelProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.train.NextToken;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Exports: what lies in the files, and that they agree with the source. */
class ExporterTest {
  @TempDir Path folder;

  private static List<Map<String, HostTensor>> examples(Program program) {
    List<Map<String, HostTensor>> examples = new ArrayList<>();
    for (Map<String, Long> sizes :
        List.of(
            Map.of("batch", 1L, "time", 1L, "source", 2L),
            Map.of("batch", 2L, "time", 7L, "source", 5L),
            Map.of("batch", 3L, "time", 4L, "source", 9L))) {
      Random random = new Random(1);
      Map<String, HostTensor> example = new LinkedHashMap<>();
      program
          .inputs()
          .forEach((name, type) -> example.put(name, Compare.random(type.bind(sizes), 40, random)));
      examples.add(example);
    }
    return examples;
  }

  private ExportReport export(Program program, Weights weights, ExportOptions options) {
    return Exporter.get("onnx").export(program, weights, folder, options);
  }

  private ModelProto read(String name) throws IOException {
    return OnnxFiles.readModel(folder.resolve(name));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  static Stream<Model> models() {
    return ModelParityTest.models();
  }

  @ParameterizedTest
  @MethodSource("models")
  void filesAgreeWithTheSourceWithAndWithoutCache(Model model) throws IOException {
    Program program = Program.of(model);
    Weights weights = Parameters.init(program, 3);
    ExportOptions options = ExportOptions.of("reference", examples(program));
    for (boolean cache : new boolean[] {false, true}) {
      ExportReport report = export(program, weights, options.withCache(cache));
      assertTrue(report.passed(), report.toString());
      assertTrue(report.worst() < 2e-5, report.toString());
      assertEquals(cache ? 6 : 3, report.comparisons().size());
      report.files().forEach(file -> assertTrue(Files.exists(file), file.toString()));
      assertTrue(names().contains("parity.json"));
      String parity = Files.readString(folder.resolve("parity.json"));
      assertTrue(parity.contains("\"passed\":true"), parity);
      assertTrue(parity.contains("\"input_ids\":[2,"), parity);
    }
  }

  @Test
  void namesAndAxesAreThoseOfOptimum() throws IOException {
    Program program = Program.of(TestModels.Gpt.tiny());
    Weights weights = Parameters.init(program, 3);
    export(program, weights, ExportOptions.of("reference", examples(program)).withCache(true));
    GraphProto graph = read("model.onnx").getGraph();
    List<String> inputs = graph.getInputList().stream().map(v -> v.getName()).toList();
    assertEquals("input_ids", inputs.get(0));
    assertTrue(inputs.contains("past_key_values.1.value"), inputs.toString());
    List<String> outputs = graph.getOutputList().stream().map(v -> v.getName()).toList();
    assertEquals("logits", outputs.get(0));
    assertTrue(outputs.contains("present.0.key"), outputs.toString());
    String axes = graph.getInputList().toString();
    for (String axis : List.of("batch_size", "sequence_length", "past_sequence_length")) {
      assertTrue(axes.contains("\"" + axis + "\""), axes);
    }
    Set<String> parameters = new HashSet<>();
    graph.getInitializerList().forEach(t -> parameters.add(t.getName()));
    assertTrue(parameters.containsAll(weights.names()), parameters.toString());
    assertTrue(
        graph.getNodeList().stream().anyMatch(n -> n.getName().startsWith("/h/0/attn/c_attn/")),
        "nodes are named after their block");
  }

  @Test
  void masksCoverThePastAndPositionsAreGiven() throws IOException {
    Program program =
        Program.of(TinyGpt.standard())
            .with("attention_mask", TensorType.i64("batch", "past+time"))
            .with("position_ids", TensorType.i64("batch", "time"));
    List<Map<String, HostTensor>> examples = new ArrayList<>();
    for (long time : new long[] {3, 6}) {
      Map<String, HostTensor> example = new LinkedHashMap<>();
      Map<String, Long> sizes = Map.of("batch", 2L, "time", time, "past", 0L);
      program
          .inputs()
          .forEach(
              (name, type) ->
                  example.put(name, Compare.random(type.bind(sizes), 13, new Random(2))));
      HostTensor mask = HostTensor.zeros(DType.I64, 2, time);
      for (long i = 0; i < 2 * time; i++) {
        mask.set(i, i % time == 0 && i > 0 ? 0L : 1L); // the second row is padded on the left
      }
      example.put("attention_mask", mask);
      examples.add(example);
    }
    ExportReport report =
        export(
            program,
            Parameters.init(program, 3),
            ExportOptions.of("reference", examples).withCache(true));
    assertTrue(report.passed(), report.toString());
    assertEquals(4, report.comparisons().size());
    String axes = read("model.onnx").getGraph().getInput(1).toString();
    assertTrue(axes.contains("past_sequence_length+sequence_length"), axes);
  }

  @Test
  void causalAttentionOverACacheMayBeOneOperatorOfOnnxRuntime() throws IOException {
    Program program = Program.of(new TestModels.Llama(47, 32, 2));
    ExportReport report =
        export(
            program,
            Parameters.init(program, 3),
            ExportOptions.of("reference", examples(program))
                .withCache(true)
                .withAttention(AttentionForm.GQA));
    assertTrue(report.worst() < 2e-5, report.toString());
    long nodes =
        read("model.onnx").getGraph().getNodeList().stream()
            .filter(node -> node.getOpType().equals("GroupQueryAttention"))
            .count();
    assertEquals(2, nodes, "one for each layer");
  }

  @Test
  void nothingIsReshapedWithMinusOne() throws IOException {
    Program program = Program.of(TestModels.T5.tiny());
    export(program, Parameters.init(program, 3), ExportOptions.of("reference", examples(program)));
    GraphProto graph = read("model.onnx").getGraph();
    Set<String> targets = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      if (node.getOpType().equals("Reshape")) {
        targets.add(node.getInput(1));
      }
    }
    graph.getInitializerList().stream()
        .filter(tensor -> targets.contains(tensor.getName()))
        .forEach(
            tensor -> {
              HostTensor shape = Tensors.host(tensor, folder.resolve("model.onnx"));
              for (long size : shape.toLongArray()) {
                assertTrue(size >= 0, tensor.getName());
              }
            });
    assertFalse(targets.isEmpty());
  }

  @Test
  void tiedWeightsAreStoredOnce() throws IOException {
    TestModels.Gpt gpt = new TestModels.Gpt(5000, 8, 24, 3, 1);
    Program program = Program.of(gpt);
    Weights weights = Parameters.init(program, 3);
    export(program, weights, ExportOptions.of("reference", examples(program)));
    long size = Files.size(folder.resolve("model.onnx"));
    assertTrue(size < weights.bytes() + 40_000, size + " bytes for " + weights);
    GraphProto graph = read("model.onnx").getGraph();
    long uses =
        graph.getNodeList().stream().filter(n -> n.getInputList().contains("wte.weight")).count();
    assertEquals(2, uses, "embedding and head use the same initializer");
    assertTrue(
        graph.getNodeList().stream()
            .filter(n -> n.getOpType().equals("Transpose"))
            .noneMatch(n -> n.getInputList().contains("wte.weight")),
        "a transposed copy would be folded into a second one");
  }

  @Test
  void externalDataIsAskedForAndRunsFromThere() throws IOException {
    Program program = Program.of(TestModels.Gpt.tiny());
    ExportOptions options = ExportOptions.of("reference", examples(program));
    Weights weights = Parameters.init(program, 3);
    ExportReport report = export(program, weights, options.withExternalData(true));
    assertTrue(report.passed(), report.toString());
    assertEquals(List.of("model.onnx", "model.onnx_data", "parity.json"), names());
    assertTrue(Files.size(folder.resolve("model.onnx")) < weights.bytes());
  }

  @Test
  void halfPrecisionIsWrittenAndAgreesWithinItsOwnTolerance() throws IOException {
    Program program = Program.of(TestModels.Gpt.tiny());
    Weights weights = Parameters.init(program, 3);
    ExportReport report =
        export(
            program,
            weights,
            ExportOptions.of("reference", examples(program)).withPrecision(DType.F16, 0.03));
    assertTrue(report.passed(), report.toString());
    long size = Files.size(folder.resolve("model.onnx"));
    assertTrue(size < weights.bytes() / 2 + 30_000, size + " bytes for " + weights);
    GraphProto graph = read("model.onnx").getGraph();
    assertTrue(
        graph.getNodeList().stream().anyMatch(n -> n.getOpType().equals("LayerNormalization")),
        "whole, because its parts overflow in f16");
  }

  @Test
  void aTrainingStepIsOnePlainGraphThatFollowsTheSource() throws IOException {
    Program program = Program.of(new NextToken(TestModels.Gpt.tiny()));
    Weights weights = Parameters.init(program, 3);
    ExportReport report =
        export(
            program,
            weights,
            ExportOptions.of("reference", examples(program)).withTrainingStep(AdamW.lr(1e-5)));
    assertTrue(report.passed(), report.toString());
    assertEquals(List.of("model.safetensors", "parity.json", "training_step.onnx"), names());
    ModelProto model = read("training_step.onnx");
    assertEquals(1, model.getOpsetImportCount());
    assertTrue(model.getGraph().getNodeList().stream().allMatch(n -> n.getDomain().isEmpty()));
    List<String> outputs = model.getGraph().getOutputList().stream().map(v -> v.getName()).toList();
    assertTrue(outputs.contains("next.exp_avg.wte.weight"), outputs.toString());
    assertTrue(Weights.load(folder.resolve("model.safetensors")).has("wte.weight"));
  }

  @Test
  void aModelWithoutCacheCannotBeExportedWithOne() {
    Program program =
        Program.of(
            new Compare.Expression(
                Compare.inputs(TensorType.f32("batch")), in -> in.get("x0").exp()));
    ExportOptions options =
        ExportOptions.of("reference", List.of(Map.of("x0", HostTensor.of(new float[] {1}, 1))));
    EngineException e =
        assertThrows(
            EngineException.class, () -> export(program, Weights.empty(), options.withCache(true)));
    assertTrue(String.valueOf(e.getMessage()).contains("keeps no cache"), e.getMessage());
  }

  @Test
  void aFailedExportLeavesTheDirectoryAsItWas() throws IOException {
    Files.writeString(folder.resolve("model.onnx"), "older");
    Program program = Program.of(TestModels.Gpt.tiny());
    ExportOptions options = ExportOptions.of("no such engine", examples(program));
    Weights weights = Parameters.init(program, 3);
    assertThrows(EngineException.class, () -> export(program, weights, options));
    assertEquals(List.of("model.onnx"), names());
    assertEquals("older", Files.readString(folder.resolve("model.onnx")));
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsAStorageError() throws IOException {
    Path file = Files.writeString(folder.resolve("occupied"), "a file");
    Program program = Program.of(TestModels.Gpt.tiny());
    Weights weights = Parameters.init(program, 3);
    ExportOptions options = ExportOptions.of("reference", examples(program));
    Exporter exporter = Exporter.get("onnx");
    StorageException e =
        assertThrows(
            StorageException.class, () -> exporter.export(program, weights, file, options));
    assertTrue(String.valueOf(e.getMessage()).contains("occupied"), e.getMessage());
  }

  @Test
  void attributesAreThoseOfTheOperatorSet() throws IOException {
    Program program = Program.of(TestModels.Llama.tiny());
    export(program, Parameters.init(program, 3), ExportOptions.of("reference", examples(program)));
    ModelProto model = read("model.onnx");
    assertEquals(17, model.getOpsetImport(0).getVersion());
    assertEquals(8, model.getIrVersion());
    for (NodeProto node : model.getGraph().getNodeList()) {
      for (AttributeProto attribute : node.getAttributeList()) {
        assertTrue(attribute.getType() != AttributeProto.AttributeType.UNDEFINED, node.toString());
      }
    }
    assertEquals("onnx", new OnnxExporter().name());
  }
}
