package org.attention4j.kernels;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.attention4j.op.Mask;
import org.attention4j.spi.Availability;
import org.attention4j.spi.BufferView;

/**
 * A JVM of its own: system properties are read once, a library is loaded once, and memory is only
 * flat where nobody else allocates.
 */
final class ChildJvm {
  private ChildJvm() {}

  /** Runs one of the modes below with JVM options; returns what it printed. */
  static String run(String mode, String... options) throws IOException, InterruptedException {
    return run(ChildJvm.class, new String[] {mode}, options);
  }

  /** Runs a main method with JVM options; returns what it printed. */
  static String run(Class<?> main, String[] arguments, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String cache = System.getProperty(PackagedLibrary.CACHE_PROPERTY);
    if (cache != null) {
      command.add("-D" + PackagedLibrary.CACHE_PROPERTY + "=" + cache);
    }
    command.addAll(List.of(options)); // the last one of a property counts
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0) {
      throw new AssertionError(command + " ended with " + code + ": " + output);
    }
    return output;
  }

  public static void main(String[] arguments) throws IOException {
    switch (arguments[0]) {
      case "availability" -> availability();
      case "calls" -> calls();
      case "context" -> context();
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void availability() {
    Availability availability = new FlashAttentionProvider().availability();
    System.out.println("available " + availability.available());
    System.out.println("reason " + availability.reason());
    availability.details().forEach(System.out::println);
    System.out.println("engine " + new NativeEngine().availability().available());
  }

  /** Resident kilobytes after warm-up and at the end of many calls and contexts. */
  private static void calls() throws IOException {
    Random random = new Random(1);
    BufferView query = Views.randomView(random, 2, 4, 33, 40);
    BufferView key = Views.randomView(random, 2, 2, 70, 40);
    BufferView out = Views.zeros(2, 4, 33, 40);
    BufferView gradient = Views.zeros(2, 4, 33, 40);
    AttentionProblem problem =
        AttentionProblem.of(query, key, key)
            .withMask(Mask.causal())
            .startingAt(37)
            .withAlibi(List.of(0.5, 0.25, 0.1, 0.05));
    AttentionGradients gradients =
        new AttentionGradients(null, null, out, null, gradient, null, null, null);
    long warm = 0;
    for (int round = 0; round < 40; round++) {
      try (FlashAttention kernel = FlashAttention.open(InstructionSet.AUTO, 2)) {
        for (int call = 0; call < 100; call++) {
          kernel.forward(problem, out, null);
          kernel.backward(problem, gradients);
        }
      }
      if (round == 10) {
        warm = kilobytes("VmRSS");
      }
    }
    System.out.println("warm " + warm);
    System.out.println("end " + kilobytes("VmRSS"));
  }

  /**
   * The highest resident kilobytes before and after a forward and backward pass over 16384 slots.
   */
  private static void context() throws IOException {
    int time = 16384;
    Random random = new Random(1);
    BufferView query = Views.randomView(random, 1, 1, time, 8);
    BufferView out = Views.zeros(1, 1, time, 8);
    BufferView lse = Views.zeros(1, 1, time);
    BufferView gradient = Views.zeros(1, 1, time, 8);
    AttentionProblem problem = AttentionProblem.of(query, query, query).withMask(Mask.causal());
    try (FlashAttention kernel = FlashAttention.open(InstructionSet.AUTO, 2)) {
      System.out.println("before " + kilobytes("VmHWM"));
      kernel.forward(problem, out, lse);
      kernel.backward(
          problem,
          new AttentionGradients(out, lse, query, null, gradient, gradient, gradient, null));
    }
    System.out.println("peak " + kilobytes("VmHWM"));
  }

  private static long kilobytes(String field) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(field + ":")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no " + field + " in /proc/self/status");
  }
}
