package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.conformance.onnx.NodeJs;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Exports run in a runtime that is not ours to link: onnxruntime-node. Skipped, with the reason,
 * where Node or the packages are missing.
 */
class NodeClientTest {
  @TempDir Path folder;

  @Test
  void anExportedGptGivesTheSameLogitsInNodeWithAndWithoutCache() throws IOException {
    NodeJs node = NodeJs.install("client.mjs");
    TestModels.Gpt gpt = TestModels.Gpt.tiny();
    Program program = Program.of(gpt);
    Weights weights = Parameters.init(program, 9);
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 61, new Random(4));
    ExportOptions options = ExportOptions.of("reference", List.of(Map.of("input_ids", ids)));
    Exporter exporter = Exporter.get("onnx");
    exporter.export(program, weights, folder.resolve("whole"), options);
    exporter.export(program, weights, folder.resolve("cached"), options.withCache(true));
    Path test = folder.resolve("case.json");
    Files.writeString(test, json(gpt, ids, expected(program, weights, ids)));

    String output = node.run(test);
    Matcher result =
        Pattern.compile("\\{\"uncached\":([0-9.e-]+),\"cached\":([0-9.e-]+),\"entries\":(\\d+)}")
            .matcher(output);
    assertTrue(result.find(), output);
    assertTrue(Double.parseDouble(result.group(1)) < 1e-4, output);
    assertTrue(Double.parseDouble(result.group(2)) < 1e-4, output);
    assertEquals(4, Integer.parseInt(result.group(3)), "a key and a value for each layer");
  }

  private static HostTensor expected(Program program, Weights weights, HostTensor ids) {
    SessionOptions oracle = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session session = new ReferenceEngine().open(program, weights, oracle)) {
      return Compare.named(session.run(Map.of("input_ids", ids)), "logits");
    }
  }

  private String json(TestModels.Gpt gpt, HostTensor ids, HostTensor logits) {
    return String.format(
        "{\"model\": \"%s\", \"cachedModel\": \"%s\", \"batch\": 2, \"time\": 7,"
            + " \"vocabulary\": %d, \"heads\": %d, \"headDim\": %d, \"ids\": %s, \"logits\": %s}",
        path("whole"),
        path("cached"),
        gpt.vocabulary(),
        gpt.heads(),
        gpt.width() / gpt.heads(),
        Arrays.toString(ids.toLongArray()),
        Arrays.toString(logits.toDoubleArray()));
  }

  private String path(String name) {
    return folder.resolve(name).resolve("model.onnx").toString().replace('\\', '/');
  }
}
