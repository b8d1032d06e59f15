package org.attention4j.engine.djl;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Runs a main class in a JVM of its own, for what one process can try only once. */
final class ChildJvm {
  /** What it printed and how it ended. */
  record Result(int exitCode, String output) {}

  private ChildJvm() {}

  /**
   * Waits for the end of a main class.
   *
   * @param options of the JVM
   * @param onPath which entries of this JVM's class path it gets
   */
  static Result run(
      Class<?> main, List<String> options, Predicate<String> onPath, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.add("-cp");
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.add(
        Arrays.stream(path.split(File.pathSeparator))
            .filter(onPath)
            .collect(Collectors.joining(File.pathSeparator)));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }
}
