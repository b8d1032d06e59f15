package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.conformance.models.TinyCosine;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An op and a block that live in one file and that no engine knows are exported all the same. */
final class UnknownOpExportTest {
  @TempDir Path folder;

  @Test
  void theFileAgreesWithTheReference() {
    TinyCosine model = TinyCosine.standard();
    List<Map<String, HostTensor>> examples = new ArrayList<>();
    Random random = new Random(2);
    for (int[] size : new int[][] {{1, 1}, {2, 7}, {3, 4}}) {
      long[] ids = random.longs((long) size[0] * size[1], 0, model.vocabulary()).toArray();
      examples.add(Map.of("input_ids", HostTensor.of(ids, size[0], size[1])));
    }
    Program program = Program.of(model);
    ExportOptions options = ExportOptions.of("reference", examples);
    ExportReport report =
        Exporter.get("onnx").export(program, Parameters.init(program, 3), folder, options);
    assertTrue(report.worst() < 2e-5, report.toString());
    assertEquals(3, report.comparisons().size());
  }
}
