package org.attention4j.spi;

import java.nio.file.Path;
import java.util.List;
import org.attention4j.error.EngineException;
import org.attention4j.weights.Weights;

/**
 * Writes models in a format that other programs run. Found by {@link java.util.ServiceLoader}; does
 * no work when constructed. Thread-safe.
 */
public interface Exporter {

  /** Short and stable, as users write it: {@code onnx}. */
  String name();

  /** Version of the exporter and of what it checks with. */
  String version();

  /** Whether it can check what it writes here; never throws. */
  Availability availability();

  /**
   * Writes a model into a directory, opens what it wrote, and compares it with the source engine on
   * the examples. It returns whether or not the outputs agree; see {@link ExportReport#passed}.
   *
   * @param directory created if it is not there; older files of the same names are replaced
   * @throws EngineException if the model or the options cannot be served
   * @throws org.attention4j.error.StorageException if a file cannot be written
   */
  ExportReport export(Program program, Weights weights, Path directory, ExportOptions options);

  /**
   * The exporter of that name.
   *
   * @throws EngineException if there is none, or it cannot run here
   */
  static Exporter get(String name) {
    List<Exporter> all = Engines.exporters();
    for (Exporter exporter : all) {
      if (exporter.name().equals(name)) {
        if (!exporter.availability().available()) {
          throw EngineException.unavailable(
              "exporter", name, List.of(exporter.availability().reason()), List.of());
        }
        return exporter;
      }
    }
    throw EngineException.unknown("exporter", name, all.stream().map(Exporter::name).toList());
  }
}
