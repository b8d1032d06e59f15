package org.attention4j.engine.onnx.session;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import org.attention4j.error.EngineException;
import org.attention4j.spi.Availability;
import org.attention4j.tensor.Device;
import org.jspecify.annotations.Nullable;

/**
 * ONNX Runtime's environment: one for each JVM, made at first use, telemetry off. It lives until
 * the JVM ends; ONNX Runtime itself closes it then. Thread-safe.
 */
public final class OrtRuntime {
  private OrtRuntime() {}

  /** Holds the environment, or why there is none. Not a static initialiser of the engine. */
  private static final class Holder {
    static final Loaded LOADED = load();

    private static Loaded load() {
      try {
        // What it would log on stderr comes as an exception too.
        OrtEnvironment environment =
            OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "attention4j");
        environment.setTelemetry(false);
        return new Loaded(environment, OrtEnvironment.getAvailableProviders(), "");
      } catch (OrtException | RuntimeException | LinkageError e) {
        return new Loaded(null, EnumSet.noneOf(OrtProvider.class), String.valueOf(e.getMessage()));
      }
    }
  }

  private record Loaded(
      @Nullable OrtEnvironment environment, EnumSet<OrtProvider> providers, String problem) {}

  /**
   * The environment.
   *
   * @throws EngineException if ONNX Runtime's native library cannot be loaded
   */
  static OrtEnvironment environment() {
    OrtEnvironment environment = Holder.LOADED.environment();
    if (environment == null) {
      throw new EngineException(
          "ONNX Runtime cannot be loaded: "
              + Holder.LOADED.problem()
              + "; the jar has natives for Linux x64 and arm64, macOS arm64 and Windows x64");
    }
    return environment;
  }

  /** ONNX Runtime's version, or {@code unknown} where it cannot be loaded. */
  public static String version() {
    OrtEnvironment environment = Holder.LOADED.environment();
    return environment == null ? "unknown" : environment.getVersion();
  }

  /** The execution providers in the jar, by ONNX Runtime's names in lower case. */
  static List<String> providers() {
    List<String> names = new ArrayList<>();
    Holder.LOADED.providers().forEach(p -> names.add(p.name().toLowerCase(Locale.ROOT)));
    return names;
  }

  /** Where it can run; never throws. */
  public static Availability availability() {
    if (Holder.LOADED.environment() == null) {
      return Availability.unavailable(Holder.LOADED.problem());
    }
    List<Device> devices = new ArrayList<>(List.of(Device.cpu()));
    if (Holder.LOADED.providers().contains(OrtProvider.CUDA)) {
      devices.add(Device.gpu(0));
    }
    return Availability.on(
        devices, "ONNX Runtime " + version(), "providers " + String.join(", ", providers()));
  }
}
