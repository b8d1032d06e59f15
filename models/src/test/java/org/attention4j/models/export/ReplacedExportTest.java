package org.attention4j.models.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.attention4j.error.AttentionException;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.TensorProto;
import org.attention4j.spi.ExportReport;
import org.attention4j.tensor.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of an earlier export in the same directory. */
class ReplacedExportTest {
  private static final Path RECORDED = Path.of("src", "test", "resources", "golden");

  @TempDir Path folder;

  private static CheckpointExport of(String name) {
    return CheckpointExport.of(RECORDED.resolve(name));
  }

  private static List<String> left(Path directory, String... names) {
    return Stream.of(names).filter(name -> Files.exists(directory.resolve(name))).toList();
  }

  /** Only what an earlier export wrote, and nobody has changed since. */
  @Test
  void aLaterExportTakesTheEarlierOneAway() throws IOException {
    Path to = folder.resolve("out");
    of("gpt2").withCache(true).withExternalData(true).to(to);
    Files.writeString(to.resolve("encoder_model.onnx"), "somebody else's");
    Files.writeString(to.resolve("generation_config.json"), "{}");
    String[] stale = {"model.onnx_data", "genai_config.json", "generation_config.json"};
    assertEquals(List.of(stale), left(to, stale));
    Path outside = Files.createFile(folder.resolve("outside.txt"));
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode hostile = (ObjectNode) mapper.readTree(to.resolve("parity.json").toFile());
    String empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    hostile
        .withArray("files")
        .addObject()
        .put("name", "../outside.txt")
        .put("size", 0)
        .put("sha256", empty);
    mapper.writeValue(to.resolve("parity.json").toFile(), hostile);

    ExportReport report = of("deit").to(to);
    assertEquals(List.of("generation_config.json"), left(to, stale), "the changed one stays");
    assertEquals("somebody else's", Files.readString(to.resolve("encoder_model.onnx")));
    assertTrue(Files.exists(outside));
    JsonNode files = mapper.readTree(to.resolve("parity.json").toFile()).path("files");
    assertEquals(report.files().size() - 1, files.size(), "all but parity.json itself");
  }

  /** Whatever goes wrong beside the models, too: what is in the directory is the earlier export. */
  @Test
  void anExportThatFailsLateLeavesTheEarlierOneAsItWas() throws IOException {
    Path from = folder.resolve("from");
    Files.createDirectories(from);
    try (Stream<Path> files = Files.list(of("gpt2").from())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, from.resolve(file.getFileName()));
      }
    }
    Path to = folder.resolve("out");
    CheckpointExport export = CheckpointExport.of(from).withExternalData(true);
    export.to(to);
    Map<String, byte[]> before = contents(to);
    Files.writeString(from.resolve("modules.json"), "[{"); // read after the models are written
    assertThrows(AttentionException.class, () -> export.withCache(true).to(to));
    Map<String, byte[]> after = contents(to);
    assertEquals(before.keySet(), after.keySet());
    before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
  }

  private static Map<String, byte[]> contents(Path directory) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        String name = directory.relativize(file).toString();
        contents.put(name, Files.isDirectory(file) ? new byte[0] : Files.readAllBytes(file));
      }
    }
    return contents;
  }

  @Test
  void modelsOfSeveralPrecisionsLieSideBySideForTransformersJs() throws IOException {
    String[] names = {"onnx/model.onnx", "onnx/model_q4.onnx"};
    of("gpt2").withLayout(Layout.TRANSFORMERS_JS).to(folder);
    of("gpt2").withLayout(Layout.TRANSFORMERS_JS).withBits(4).to(folder);
    assertEquals(List.of(names), left(folder, names));
    of("deit").withLayout(Layout.TRANSFORMERS_JS).withBits(4).to(folder);
    assertEquals(List.of(names), left(folder, names));
    of("deit").to(folder);
    assertEquals(List.of(), left(folder, "onnx/model.onnx", "onnx/model_q4.onnx", "onnx"));
  }

  /** Each model finds its own weights, whichever was written last. */
  @Test
  void weightsBesideModelsOfSeveralPrecisionsLieSideBySide() throws IOException {
    CheckpointExport plain = of("gpt2").withLayout(Layout.TRANSFORMERS_JS).withExternalData(true);
    plain.to(folder);
    byte[] before = Files.readAllBytes(folder.resolve("onnx/model.onnx_data"));
    assertTrue(plain.withPrecision(DType.F16, 5e-2).to(folder).passed());
    assertArrayEquals(before, Files.readAllBytes(folder.resolve("onnx/model.onnx_data")));
    String[] names = {"model.onnx", "model.onnx_data", "model_fp16.onnx", "model_fp16.onnx_data"};
    assertEquals(List.of(names), left(folder.resolve("onnx"), names));
    Set<String> data = new HashSet<>();
    GraphProto graph = OnnxFiles.readModel(folder.resolve("onnx/model_fp16.onnx")).getGraph();
    for (TensorProto tensor : graph.getInitializerList()) {
      tensor.getExternalDataList().stream()
          .filter(entry -> entry.getKey().equals("location"))
          .forEach(entry -> data.add(entry.getValue()));
    }
    assertEquals(Set.of("model_fp16.onnx_data"), data);
    of("gpt2").withLayout(Layout.TRANSFORMERS_JS).withBits(4).to(folder);
    plain.withExternalData(false).to(folder);
    JsonNode config = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
    assertEquals(
        "{\"model_fp16.onnx\":true}",
        config.at("/transformers.js_config/use_external_data_format").toString());
    assertFalse(Files.exists(folder.resolve("onnx/model.onnx_data")));
  }
}
