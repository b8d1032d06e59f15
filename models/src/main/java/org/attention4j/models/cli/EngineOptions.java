package org.attention4j.models.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which engine, where, and in which precision. */
final class EngineOptions {
  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = "djl",
      description =
          "What computes: djl (PyTorch), onnx (ONNX Runtime), native (C++ kernels), reference"
              + " (plain Java). Default: ${DEFAULT-VALUE}. See 'doctor'.")
  private String engine = "djl";

  @Mixin private PlaceOptions place = new PlaceOptions();

  @Option(
      names = "--set",
      split = ",",
      paramLabel = "NAME=VALUE",
      description = "A setting of the engine's own, such as attention=pytorch; repeatable.")
  private Map<String, String> settings = new LinkedHashMap<>();

  Engine engine() {
    return Engines.get(engine);
  }

  Device device() {
    return place.device();
  }

  int threads() {
    return place.threads();
  }

  DType precision() {
    return place.precision();
  }

  SessionOptions session() {
    SessionOptions options = place.session();
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      options = options.with(setting.getKey(), setting.getValue());
    }
    return options;
  }

  /** The same for a trainer. */
  TrainerOptions training(TrainerOptions base) {
    TrainerOptions trainer = base.on(device()).withPrecision(precision()).withThreads(threads());
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      trainer = trainer.with(setting.getKey(), setting.getValue());
    }
    return trainer;
  }
}
