package org.attention4j.train;

import java.io.IOException;
import java.nio.file.Path;

/** A small JVM to be killed. */
final class ChildJvm {
  private ChildJvm() {}

  /** Runs a main method on a file; what it says on standard error goes to ours. */
  static Process start(Class<?> main, Path file) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            main.getName(),
            file.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
