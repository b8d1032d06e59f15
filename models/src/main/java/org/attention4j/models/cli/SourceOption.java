package org.attention4j.models.cli;

import java.nio.file.Path;
import org.attention4j.models.store.ModelDirectory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model a command works on. */
final class SourceOption {
  @Option(
      names = "--from",
      paramLabel = "DIR",
      required = true,
      description = "Directory of the model.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path from;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description =
          "Low-rank adapter in PEFT's format, merged into the weights when they are read.")
  private @Nullable Path adapter;

  Path path() {
    return from;
  }

  ModelDirectory open() {
    return adapter == null ? ModelDirectory.open(from) : ModelDirectory.open(from, adapter);
  }

  @Override
  public String toString() {
    return from.toString();
  }
}
