package org.attention4j.models.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import org.attention4j.generate.Generator;
import org.attention4j.models.family.Gpt;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * Benchmark: GPT-2 124M with random weights, in turn with llama.cpp and a loop in PyTorch. Tokens a
 * second: a prompt of 512 into an empty cache, and 64 tokens one by one after 16 and after 880;
 * logits of the last token, no sampling. Prints medians and ratios as a table in Markdown.
 *
 * <p>Arguments NAME=VALUE: {@code rounds}, {@code threads}; {@code forms}, ours by commas: engine
 * and properties of a session, such as {@code onnx:weights=int8:attention=gqa}; {@code llama}, the
 * program llama-bench, and {@code gguf}, its models by commas (src/bench/gpt2_gguf.py); {@code
 * python}, an interpreter with torch, and {@code script}, src/bench/gpt2_torch.py. The first that
 * is given of llama's models, else the first peer, is what ratios are to.
 */
public final class GenerationPeers {
  private static final int PROMPT = 512;
  private static final int TOKENS = 64;

  /** Tokens that this library decodes before the first round; llama-bench warms up on its own. */
  private static final int WARM = 150;

  /** Milliseconds until the threads of the peer before wait no longer actively. */
  private static final int SETTLE = 500;

  private static final int[] CONTEXTS = {16, 880};
  private static final List<String> COLUMNS = List.of("decode at 16", "decode at 880", "prompt");

  private GenerationPeers() {}

  /** Tokens a second for each column; one call is one round. */
  private interface Peer extends AutoCloseable {
    double[] measure() throws IOException;

    @Override
    void close();
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Map<String, String> given = new LinkedHashMap<>();
    for (String argument : arguments) {
      int split = argument.indexOf('=');
      given.put(argument.substring(0, split), argument.substring(split + 1));
    }
    int rounds = Integer.parseInt(given.getOrDefault("rounds", "5"));
    int threads = Integer.parseInt(given.getOrDefault("threads", "2"));
    Map<String, Peer> peers = new LinkedHashMap<>();
    for (String model : list(given, "gguf")) {
      peers.put(
          "llama.cpp " + model.substring(model.lastIndexOf('/') + 1),
          new Llama(given.getOrDefault("llama", "llama-bench"), model, threads));
    }
    if (given.containsKey("python")) {
      peers.put(
          "PyTorch f32", new Torch(given.get("python"), given.getOrDefault("script", ""), threads));
    }
    Program program = Generator.lastLogits(Program.of(Gpt.gpt2(768, 12, 12)));
    Weights weights = Parameters.init(program, 1);
    for (String form : list(given, "forms")) {
      peers.put("attention4j " + form, new Ours(program, weights, form, threads));
    }
    print(peers.keySet(), measured(peers, rounds));
    peers.values().forEach(Peer::close);
  }

  private static List<String> list(Map<String, String> given, String name) {
    String value = given.getOrDefault(name, "");
    return value.isEmpty() ? List.of() : List.of(value.split(",", -1));
  }

  /** [peer][column][round]; a round before the first is not counted. */
  private static double[][][] measured(Map<String, Peer> peers, int rounds)
      throws IOException, InterruptedException {
    double[][][] rates = new double[peers.size()][COLUMNS.size()][rounds];
    for (int round = -1; round < rounds; round++) {
      int at = 0;
      for (Map.Entry<String, Peer> peer : peers.entrySet()) {
        Thread.sleep(SETTLE);
        double[] rate = peer.getValue().measure();
        System.err.printf("round %d %s %s%n", round, peer.getKey(), Arrays.toString(rate));
        for (int column = 0; round >= 0 && column < rate.length; column++) {
          rates[at][column][round] = rate[column];
        }
        at++;
      }
    }
    return rates;
  }

  /** Medians; the ratio in a round is to the first peer in the same round. */
  private static void print(Iterable<String> names, double[][][] rates) {
    System.out.println("| tokens/s, median (best); ratio | " + String.join(" | ", COLUMNS) + " |");
    System.out.println("|---" + "|---".repeat(COLUMNS.size()) + "|");
    int peer = 0;
    for (String name : names) {
      StringBuilder row = new StringBuilder("| " + name);
      for (int column = 0; column < COLUMNS.size(); column++) {
        double[] own = rates[peer][column];
        double[] ratios = new double[own.length];
        for (int round = 0; round < own.length; round++) {
          ratios[round] = own[round] / rates[0][column][round];
        }
        double best = Arrays.stream(own).max().orElse(0);
        row.append(
            String.format(
                Locale.ROOT, " | %.1f (%.1f); %.2f", median(own), best, median(ratios)));
      }
      System.out.println(row + " |");
      peer++;
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static double rate(int tokens, long start) {
    return tokens * 1e9 / (System.nanoTime() - start);
  }

  /** This library. */
  private static final class Ours implements Peer {
    private final Session session;

    Ours(Program program, Weights weights, String form, int threads) {
      String[] parts = form.split(":", -1);
      SessionOptions options = SessionOptions.defaults().withThreads(threads);
      for (String property : Arrays.asList(parts).subList(1, parts.length)) {
        int split = property.indexOf('=');
        options = options.with(property.substring(0, split), property.substring(split + 1));
      }
      session = Engines.get(parts[0]).open(program, weights, options);
      System.err.println(form + ": " + session.description());
      for (int i = 0; i < 2; i++) { // until the virtual machine compiles no more
        prefill();
      }
      decode(CONTEXTS[0], WARM);
    }

    private static Map<String, HostTensor> ids(int tokens) {
      long[] ids = LongStream.range(0, tokens).map(i -> i * 97 % 50257).toArray();
      return Map.of("input_ids", HostTensor.of(ids, 1, tokens));
    }

    @Override
    public double[] measure() {
      return new double[] {
        decode(CONTEXTS[0], TOKENS), decode(CONTEXTS[1], TOKENS), prefill()
      };
    }

    private double decode(int context, int tokens) {
      try (Decoding decoding = session.decode()) {
        decoding.next(ids(context));
        long start = System.nanoTime();
        for (int n = 0; n < tokens; n++) {
          decoding.next(Map.of("input_ids", HostTensor.of(new long[] {n}, 1, 1)));
        }
        return rate(tokens, start);
      }
    }

    private double prefill() {
      try (Decoding decoding = session.decode()) {
        Map<String, HostTensor> prompt = ids(PROMPT);
        long start = System.nanoTime();
        decoding.next(prompt);
        return rate(PROMPT, start);
      }
    }

    @Override
    public void close() {
      session.close();
    }
  }

  /** llama-bench, a process for each round, with its own warm-up. */
  private record Llama(String program, String model, int threads) implements Peer {
    @Override
    public double[] measure() throws IOException {
      double[] rates = new double[COLUMNS.size()];
      List<String> contexts = Arrays.stream(CONTEXTS).mapToObj(String::valueOf).toList();
      int at = 0;
      for (JsonNode test : tests("-p", "0", "-n", "" + TOKENS, "-d", String.join(",", contexts))) {
        rates[at++] = test.path("avg_ts").asDouble();
      }
      rates[at] = tests("-p", "" + PROMPT, "-n", "0").path(0).path("avg_ts").asDouble();
      return rates;
    }

    private JsonNode tests(String... what) throws IOException {
      List<String> command = new ArrayList<>(List.of(program, "-m", model, "-t", "" + threads));
      command.addAll(List.of("-r", "1", "-o", "json"));
      command.addAll(Arrays.asList(what));
      Process process = new ProcessBuilder(command).redirectError(Redirect.DISCARD).start();
      return new ObjectMapper().readTree(process.getInputStream());
    }

    @Override
    public void close() {}
  }

  /** The loop in Python, one process that answers requests. */
  private static final class Torch implements Peer {
    private final Process process;
    private final Writer requests;
    private final BufferedReader answers;

    Torch(String python, String script, int threads) throws IOException {
      process =
          new ProcessBuilder(python, script, "" + threads)
              .redirectError(Redirect.INHERIT)
              .start();
      requests = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
      answers =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private double ask(String request) throws IOException {
      requests.write(request + "\n");
      requests.flush();
      return Double.parseDouble(answers.readLine());
    }

    @Override
    public double[] measure() throws IOException {
      return new double[] {
        ask("decode " + CONTEXTS[0] + " " + TOKENS),
        ask("decode " + CONTEXTS[1] + " " + TOKENS),
        ask("prefill " + PROMPT)
      };
    }

    @Override
    public void close() {
      process.destroy();
    }
  }
}
