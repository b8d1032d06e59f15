package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.conformance.models.TinyBert;
import org.attention4j.conformance.models.TinyCosine;
import org.attention4j.conformance.models.TinyGpt;
import org.attention4j.conformance.models.TinyMixed;
import org.attention4j.conformance.models.TinyT5;
import org.attention4j.conformance.models.TinyTranslator;
import org.attention4j.nn.Model;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every block of the library, and an op that no engine knows, survive the export. */
final class WholeModelExportTest {
  private static final int TOKENS = 11; // each of the models knows at least so many

  @TempDir Path folder;

  private static Model model(String name) {
    return switch (name) {
      case "gpt" -> TinyGpt.standard();
      case "mixed" -> TinyMixed.standard();
      case "translator" -> TinyTranslator.standard();
      case "t5" -> TinyT5.standard();
      case "bert" -> TinyBert.standard();
      case "one-file" -> TinyCosine.standard();
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static List<Map<String, HostTensor>> examples(Program program) {
    List<Map<String, HostTensor>> examples = new ArrayList<>();
    Random random = new Random(2);
    for (long[] sizes : new long[][] {{1, 1, 2}, {2, 7, 5}, {3, 4, 9}}) {
      Map<String, Long> bound = Map.of("batch", sizes[0], "time", sizes[1], "source", sizes[2]);
      Map<String, HostTensor> example = new LinkedHashMap<>();
      program
          .inputs()
          .forEach(
              (name, type) -> {
                long[] shape = type.bind(bound).shape();
                long[] ids = random.longs(shape[0] * shape[1], 0, TOKENS).toArray();
                example.put(name, HostTensor.of(ids, shape));
              });
      examples.add(example);
    }
    return examples;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt", "mixed", "translator", "t5", "bert", "one-file"})
  void theFileAgreesWithTheReference(String name) {
    Program program = Program.of(model(name));
    Weights weights = Parameters.init(program, 3);
    boolean cached = !name.equals("bert") && !name.equals("one-file"); // these two have no cache
    ExportOptions options = ExportOptions.of("reference", examples(program)).withCache(cached);
    ExportReport report = Exporter.get("onnx").export(program, weights, folder, options);
    assertTrue(report.worst() < 2e-5, report.toString());
    assertEquals(cached ? 6 : 3, report.comparisons().size(), report.toString());
  }
}
