package org.attention4j.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.attention4j.error.EngineException;

/**
 * A provider's operators as the setting of an engine asks for them: by name, {@link #AUTO} for the
 * first that is there, or the engine's own way.
 *
 * @param kernel the choice; empty for the engine's own way
 * @param byName whether it was asked for by name, so that what it declines is an error
 * @param reason why this was chosen, for people
 */
public record KernelChoice(Optional<Kernel> kernel, boolean byName, String reason) {
  /** The first kernel that is there, or the engine's own way if there is none. */
  public static final String AUTO = "auto";

  /** A provider and its operators for the runtime of the engine. */
  public record Kernel(KernelProvider provider, KernelOperators operators) {}

  /**
   * Reads a setting.
   *
   * @param setting its name, for errors
   * @param asked its value
   * @param own what the engine's own way is called
   * @param runtime of the engine
   * @param obstacle why the engine can use no kernel as it runs here; empty if it can
   * @throws EngineException if what is asked for is unknown or not here, with the reasons
   */
  public static KernelChoice of(
      String setting, String asked, String own, String runtime, String obstacle) {
    if (asked.equals(own)) {
      return new KernelChoice(Optional.empty(), true, "asked for");
    }
    boolean auto = asked.equals(AUTO);
    List<String> reasons = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (KernelProvider provider : Engines.kernels()) {
      names.add(provider.name());
      if (!auto && !asked.equals(provider.name())) {
        continue;
      }
      String reason = obstacle.isEmpty() ? version(provider) : obstacle;
      if (reason.isEmpty()) {
        KernelOperators operators = provider.operators(runtime);
        reason = operators.reason();
        if (operators.available()) {
          return new KernelChoice(
              Optional.of(new Kernel(provider, operators)), !auto, auto ? "auto" : "asked for");
        }
      }
      reasons.add(provider.name() + ": " + reason);
    }
    if (auto) {
      String none = "no kernel on the class path";
      return new KernelChoice(
          Optional.empty(), false, reasons.isEmpty() ? none : String.join("; ", reasons));
    }
    if (names.contains(asked)) {
      throw EngineException.unavailable(setting, asked, reasons, List.of(own, AUTO));
    }
    names.add(own);
    names.add(AUTO);
    throw EngineException.unknown(setting, asked, names);
  }

  private static String version(KernelProvider provider) {
    return provider.spiVersion() == Engine.SPI_VERSION
        ? ""
        : "it was written for version " + provider.spiVersion() + " of the interface";
  }
}
