package org.attention4j.models.cli;

import org.attention4j.error.UsageException;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import picocli.CommandLine.Option;

/** Where an engine runs, with how many threads, and in which precision. */
final class PlaceOptions {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description = "Where: cpu, or gpu:N with N from 0. Default: ${DEFAULT-VALUE}.")
  private String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads of the engine; 0 leaves it to the engine. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "f32",
      description = "Floating type: f32, bf16, f16 or f64. Default: ${DEFAULT-VALUE}.")
  private String precision = "f32";

  Device device() {
    return Device.parse(device);
  }

  int threads() {
    return threads;
  }

  DType precision() {
    return precision(precision);
  }

  static DType precision(String label) {
    for (DType type : DType.values()) {
      if (type.isFloating() && type.label().equals(label)) {
        return type;
      }
    }
    throw new UsageException("'" + label + "' is no precision; write f32, bf16, f16 or f64");
  }

  SessionOptions session() {
    return SessionOptions.defaults().on(device()).withPrecision(precision()).withThreads(threads);
  }
}
