package org.attention4j.spi;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.attention4j.error.EngineException;

/** The engines and kernels on the class or module path. Thread-safe. */
public final class Engines {
  private Engines() {}

  /** Every engine that can be loaded, by name. */
  public static List<Engine> all() {
    return load(Engine.class).stream().sorted(Comparator.comparing(Engine::name)).toList();
  }

  /** Names of the engines that can run here. */
  public static List<String> names() {
    return all().stream().filter(e -> e.availability().available()).map(Engine::name).toList();
  }

  /** Every kernel provider that can be loaded. */
  public static List<KernelProvider> kernels() {
    return load(KernelProvider.class);
  }

  /** Every exporter that can be loaded. */
  public static List<Exporter> exporters() {
    return load(Exporter.class);
  }

  /**
   * The engine of that name; never another one.
   *
   * @throws EngineException if it is unknown or cannot run here; the message lists what there is
   */
  public static Engine get(String name) {
    List<Engine> engines = all();
    for (Engine engine : engines) {
      if (engine.name().equals(name)) {
        return usable(engine);
      }
    }
    throw new EngineException(
        "there is no engine '"
            + name
            + "'; on the path are "
            + engines.stream().map(Engine::name).toList());
  }

  private static Engine usable(Engine engine) {
    if (engine.spiVersion() != Engine.SPI_VERSION) {
      throw new EngineException(
          "engine '"
              + engine.name()
              + "' was written for version "
              + engine.spiVersion()
              + " of the engine interface, this is version "
              + Engine.SPI_VERSION);
    }
    Availability availability = engine.availability();
    if (!availability.available()) {
      throw new EngineException(
          "engine '"
              + engine.name()
              + "' cannot run here: "
              + availability.reason()
              + "; available are "
              + names());
    }
    return engine;
  }

  /**
   * One broken provider must not hide the others: it is left out, and reported by {@link #broken}.
   */
  private static <T> List<T> load(Class<T> service) {
    List<T> found = new ArrayList<>();
    ServiceLoader.load(service).stream()
        .forEach(
            provider -> {
              try {
                found.add(provider.get());
              } catch (ServiceConfigurationError e) {
                // listed by broken()
              }
            });
    return found;
  }

  /** Why providers could not be loaded, one line each. */
  public static List<String> broken() {
    List<String> reasons = new ArrayList<>();
    for (Class<?> service : List.of(Engine.class, KernelProvider.class, Exporter.class)) {
      ServiceLoader.load(service).stream()
          .forEach(
              provider -> {
                try {
                  provider.get();
                } catch (ServiceConfigurationError e) {
                  reasons.add(provider.type().getName() + ": " + e.getMessage());
                }
              });
    }
    return reasons;
  }
}
