package org.attention4j.models.cli;

import java.nio.file.Path;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.export.CheckpointExport;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.spi.ExportReport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model a command works on, with an adapter on request. */
final class AdaptedSource {
  @Mixin private SourceOption from = new SourceOption();

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description =
          "Low-rank adapter in PEFT's format, merged into the weights when they are read.")
  private @Nullable Path adapter;

  Path path() {
    return from.path();
  }

  ModelDirectory open() {
    return adapter == null ? ModelDirectory.open(path()) : ModelDirectory.open(path(), adapter);
  }

  /** The model by Hugging Face's names. */
  Checkpoint checkpoint() {
    Checkpoint opened = HuggingFace.open(path());
    return adapter == null ? opened : opened.adapted(adapter);
  }

  /** Writes an export of this model. */
  ExportReport export(CheckpointExport export, Path to) {
    return adapter == null ? export.to(to) : export.merged(adapter, to);
  }

  @Override
  public String toString() {
    return from.toString();
  }
}
