package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.nn.Block;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Scope;
import org.attention4j.nn.longcontext.BigBirdPattern;
import org.attention4j.nn.longcontext.BlockSparseAttention;
import org.attention4j.nn.longcontext.LinearAttention;
import org.attention4j.nn.longcontext.Linformer;
import org.attention4j.nn.longcontext.LongContextAttention;
import org.attention4j.nn.longcontext.LshAttention;
import org.attention4j.nn.longcontext.PositiveRandomFeatures;
import org.attention4j.nn.longcontext.ReformerAttention;
import org.attention4j.nn.longcontext.StridedAttention;
import org.attention4j.nn.longcontext.TransformerXlAttention;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attention for long sequences in one exported file, whose lengths stay open. */
final class LongContextExportTest {
  private static final int WIDTH = 12;
  private static final Heads HEADS = Heads.of(WIDTH, 3);

  @TempDir Path folder;

  private static List<Block> blocks() {
    return List.of(
        LongContextAttention.of(
            HEADS, new LinearAttention(new PositiveRandomFeatures(6, 4, 3), true, 4)),
        LongContextAttention.of(HEADS, new StridedAttention(3)),
        LongContextAttention.of(
            HEADS, new BlockSparseAttention(new BigBirdPattern(2, 1, 1, 1, 5, false))),
        LongContextAttention.of(HEADS, new Linformer(16, 4, true)),
        TransformerXlAttention.of(HEADS),
        ReformerAttention.of(HEADS, new LshAttention(2, 4, 2, 7, false)));
  }

  /** One layer of each. */
  private record Stack() implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", "time", WIDTH));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor x = inputs.get("x");
      int layer = 0;
      for (Block block : blocks()) {
        Tensor normal = scope.call("norm." + layer, new LayerNorm(WIDTH), x);
        x = x.add(scope.call("layers." + layer++, block, normal));
      }
      return Map.of("y", x);
    }
  }

  @Test
  void theFileAgreesWithTheReferenceAtEveryLength() {
    List<Map<String, HostTensor>> examples = new ArrayList<>();
    Random random = new Random(2);
    for (int[] size : new int[][] {{1, 1}, {2, 7}, {1, 16}}) {
      HostTensor x = HostTensor.zeros(DType.F32, size[0], size[1], WIDTH);
      for (long i = 0; i < x.size(); i++) {
        x.set(i, random.nextGaussian());
      }
      examples.add(Map.of("x", x));
    }
    Program program = Program.of(new Stack());
    ExportOptions options = ExportOptions.of("reference", examples);
    ExportReport report =
        Exporter.get("onnx").export(program, Parameters.init(program, 3), folder, options);
    assertTrue(report.worst() < 5e-5, report.toString());
    assertEquals(3, report.comparisons().size());
  }
}
