package org.attention4j.conformance.example;

import java.util.List;
import java.util.Set;
import org.attention4j.error.EngineException;
import org.attention4j.spi.Availability;
import org.attention4j.spi.Engine;
import org.attention4j.spi.GraphSession;
import org.attention4j.spi.GraphTrainer;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Support;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** A whole engine: its executor runs primitives, everything else is inherited. */
final class FloatArrayEngine implements Engine {
  @Override
  public String name() {
    return "float-array";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public Availability availability() {
    return Availability.on(List.of(Device.cpu()));
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    return Support.no("it runs primitives only");
  }

  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    require(options.device(), options.precision());
    options.checkProperties(Set.of());
    return new GraphSession(program, weights, options, new FloatArrays(), "float-array on cpu");
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    require(options.device(), options.precision());
    return new GraphTrainer(program, weights, options, new FloatArrays(), "float-array on cpu");
  }

  private static void require(Device device, DType precision) {
    if (!device.equals(Device.cpu()) || precision != DType.F32) {
      throw new EngineException(
          "float-array computes f32 on cpu, not " + precision.label() + " on " + device);
    }
  }
}
