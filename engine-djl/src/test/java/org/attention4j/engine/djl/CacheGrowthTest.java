package org.attention4j.engine.djl;

import static org.attention4j.engine.djl.TinyGpt.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A cache that is written in place gives what one that is copied would give. */
class CacheGrowthTest {
  private static final TinyGpt GPT = new TinyGpt(11, 200, 16, 2, 2, 0);
  private static final int TIME = 180;

  private static HostTensor columns(long[][] ids, int[] rows, int from, int to) {
    HostTensor part = HostTensor.zeros(DType.I64, rows.length, to - from);
    for (int i = 0; i < part.size(); i++) {
      part.set(i, ids[rows[i / (to - from)]][from + i % (to - from)]);
    }
    return part;
  }

  private static double[] last(HostTensor logits) {
    double[] values = new double[(int) (logits.dim(0) * logits.dim(2))];
    for (int i = 0; i < values.length; i++) {
      long row = i / logits.dim(2);
      values[i] =
          logits.getDouble(((row + 1) * logits.dim(1) - 1) * logits.dim(2) + i % logits.dim(2));
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "pytorch"})
  void stepsGiveTheLogitsOfTheWholeTextWhileBuffersFillUpAndRowsChange(String attention) {
    long[][] ids = new long[3][];
    for (int row = 0; row < ids.length; row++) {
      ids[row] = new Random(row).longs(TIME, 0, GPT.vocabulary()).toArray();
    }
    int[] rows = {0, 1, 2};
    Program program = Program.of(GPT);
    SessionOptions options = SessionOptions.defaults().withThreads(1).with("attention", attention);
    try (Session session = Engines.get("djl").open(program, Parameters.init(program, 3), options);
        Decoding decoding = session.decode()) {
      int from = 0;
      // the first buffers have 65 or 69 slots, later ones half as many again
      for (int to : new int[] {1, 5, 6, 68, 69, 70, 71, 130, 131, 170, TIME}) {
        HostTensor got =
            get(decoding.next(Map.of("input_ids", columns(ids, rows, from, to))), "logits");
        HostTensor whole =
            get(session.run(Map.of("input_ids", columns(ids, rows, 0, to))), "logits");
        assertArrayEquals(last(whole), last(got), 2e-5, from + " to " + to);
        assertEquals(to, decoding.length());
        if (to == 6 || to == 130) { // rows that were copied have no room behind them
          rows = to == 6 ? new int[] {2, 0, 2} : new int[] {rows[1], rows[0]};
          decoding.select(to == 6 ? new long[] {2, 0, 2} : new long[] {1, 0});
        }
        from = to;
      }
    }
  }

  /** A change of the past afterwards is seen where both are one memory. */
  @Test
  void aStepWritesIntoTheBufferAndCopiesOnlyWhatIsFull() {
    String methods =
        CacheGrowth.METHODS
            + """
              def steps(self, fresh: List[Tensor]) -> List[Tensor]:
                first = self.with_room(fresh[0], torch.size(fresh[0], 2))
                second = self.grow(first, fresh[0])
                torch.copy_(torch.narrow(first, 2, 0, 1), torch.mul(fresh[0], 5))
                third = self.grow(fresh[0], fresh[0])
                return [second, third]
              """;
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        TorchProgram program = TorchProgram.load(manager, methods)) {
      NDArray fresh = manager.ones(new Shape(1, 2, 1, 3));
      NDList results = program.infer(manager, "steps", List.of(new NDList(fresh)));
      float[] second = results.get(0).toFloatArray(); // [1, 2, 2, 3]
      assertArrayEquals(new float[] {5, 5, 5, 1, 1, 1, 5, 5, 5, 1, 1, 1}, second, "one memory");
      float[] ones = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
      assertArrayEquals(ones, results.get(1).toFloatArray(), "what has no room is copied");
    }
  }
}
