package org.attention4j.spi;

import java.util.List;
import org.attention4j.tensor.Device;

/**
 * Whether an engine or kernel can run on this machine.
 *
 * @param reason why it cannot; empty if it can
 * @param devices where it can run
 * @param details facts for people: versions, instruction sets, library paths
 */
public record Availability(String reason, List<Device> devices, List<String> details) {
  public Availability {
    devices = List.copyOf(devices);
    details = List.copyOf(details);
  }

  /** Can run on these devices. */
  public static Availability on(List<Device> devices, String... details) {
    return new Availability("", devices, List.of(details));
  }

  /** Cannot run. */
  public static Availability unavailable(String reason, String... details) {
    return new Availability(reason, List.of(), List.of(details));
  }

  public boolean available() {
    return reason.isEmpty();
  }
}
