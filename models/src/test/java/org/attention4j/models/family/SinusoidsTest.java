package org.attention4j.models.family;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.nio.file.Path;
import java.util.Map;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Positions;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Sines and cosines of positions")
final class SinusoidsTest {
  private static final Weights RECORDED =
      Weights.load(Path.of("src/test/resources/positions/sinusoids.safetensors"));
  private static final float ROUNDING = 6e-8f; // half a unit in the last place below 1

  private record Table(long count, int width) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("positions", TensorType.i64(count));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor positions = inputs.get("positions");
      return Map.of("rows", Positions.sinusoidInHalves(positions, width, DType.F32));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl", "onnx"})
  @DisplayName("far from 0 are those of Marian and Pegasus, by src/test/fixtures/sinusoids.py")
  void far(String engine) {
    HostTensor positions = RECORDED.get("positions");
    int width = (int) RECORDED.get("marian").dim(1);
    Model model = new Table(positions.size(), width);
    try (Session session =
        Engines.get(engine).open(Program.of(model), Weights.empty(), SessionOptions.defaults())) {
      HostTensor rows = session.run(Map.of("positions", positions)).get("rows");
      assertNotNull(rows);
      for (String family : new String[] {"marian", "pegasus"}) {
        assertArrayEquals(RECORDED.get(family).toFloatArray(), rows.toFloatArray(), ROUNDING);
      }
    }
  }
}
