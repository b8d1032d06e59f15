package org.attention4j.spi;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;

/**
 * How a session runs.
 *
 * @param device where
 * @param precision what the graph's nominal f32 becomes; f64 makes an oracle of the reference
 *     engine
 * @param threads of the engine, 0 for its default
 * @param observe paths whose values are returned as {@code observed.PATH}
 * @param properties the engine's own settings; an unknown one is an error
 */
public record SessionOptions(
    Device device,
    DType precision,
    int threads,
    Predicate<String> observe,
    Map<String, String> properties) {

  public SessionOptions {
    properties = Map.copyOf(properties);
    if (!precision.isFloating()) {
      throw new UsageException("the precision is a floating type, not " + precision.label());
    }
    if (threads < 0) {
      throw new UsageException("threads is 0 (the default) or more, not " + threads);
    }
  }

  /** CPU, f32, the engine's own choice of threads. */
  public static SessionOptions defaults() {
    return new SessionOptions(Device.cpu(), DType.F32, 0, path -> false, Map.of());
  }

  public SessionOptions on(Device newDevice) {
    return new SessionOptions(newDevice, precision, threads, observe, properties);
  }

  public SessionOptions withPrecision(DType newPrecision) {
    return new SessionOptions(device, newPrecision, threads, observe, properties);
  }

  public SessionOptions withThreads(int count) {
    return new SessionOptions(device, precision, count, observe, properties);
  }

  public SessionOptions observing(Predicate<String> paths) {
    return new SessionOptions(device, precision, threads, paths, properties);
  }

  /** One setting of the engine. */
  public SessionOptions with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(properties);
    more.put(name, value);
    return new SessionOptions(device, precision, threads, observe, more);
  }

  /**
   * Refuses properties that the engine does not know.
   *
   * @throws UsageException naming the unknown one and those there are
   */
  public void checkProperties(Set<String> known) {
    for (String name : properties.keySet()) {
      if (!known.contains(name)) {
        throw new UsageException(
            "unknown session property '" + name + "'; known: " + new TreeSet<>(known));
      }
    }
  }
}
