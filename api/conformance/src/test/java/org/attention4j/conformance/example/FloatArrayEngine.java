package org.attention4j.conformance.example;

import java.util.List;
import org.attention4j.spi.EagerEngine;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.spi.Mode;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;

/** A whole engine: its executor runs primitives, everything else is inherited. */
final class FloatArrayEngine extends EagerEngine {
  FloatArrayEngine() {
    super("float-array");
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  protected List<DType> precisions(Mode mode) {
    return List.of(DType.F32);
  }

  @Override
  protected EagerExecutor executor(Device device, DType precision, Mode mode) {
    return new FloatArrays();
  }
}
