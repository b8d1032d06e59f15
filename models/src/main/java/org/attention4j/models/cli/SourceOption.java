package org.attention4j.models.cli;

import java.nio.file.Path;
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

  Path path() {
    return from;
  }

  @Override
  public String toString() {
    return from.toString();
  }
}
