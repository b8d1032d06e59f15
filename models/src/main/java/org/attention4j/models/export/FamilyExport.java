package org.attention4j.models.export;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Program;

/**
 * Writes a model of one of this library's own families as ONNX, with its configuration and
 * tokenizer beside it. {@link CheckpointExport} is for directories of Hugging Face's; what an
 * earlier export wrote is taken away by the same rule.
 */
public final class FamilyExport {
  private FamilyExport() {}

  /**
   * Writes and compares it.
   *
   * @param program the model, with a loss if the options ask for a training step
   * @param to created if it is not there; see {@link CheckpointExport#to}
   * @throws org.attention4j.error.EngineException if the model cannot be written as asked
   * @throws org.attention4j.error.StorageException if a file cannot be written
   */
  public static ExportReport write(
      ModelDirectory from, Program program, Exporter exporter, ExportOptions options, Path to) {
    return StagedExport.into(
        to, "", staged -> staged(from, program, exporter, options, to, staged));
  }

  private static ExportReport staged(
      ModelDirectory from,
      Program program,
      Exporter exporter,
      ExportOptions options,
      Path to,
      StagedExport staged) {
    ExportReport report = exporter.export(program, from.weights(), staged.place(), options);
    List<Path> beside = ModelDirectory.begin(staged.place(), from.model(), from.tokenizer());
    List<Path> written = new ArrayList<>(report.files());
    if (CheckpointExport.same(from.path(), to)) { // what lies beside is the model's own
      written.remove(staged.place().resolve(ModelFiles.WEIGHTS));
      staged.keep(beside);
    } else {
      written.addAll(beside);
    }
    staged.add(written);
    return report.in(staged.targets(report.files()));
  }
}
