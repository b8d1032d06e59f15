package org.attention4j.models.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.attention4j.generate.Drafts;
import org.attention4j.generate.Generation;
import org.attention4j.generate.Generation.Drafted;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Sampling;
import org.attention4j.models.family.Gpt;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * Benchmark: greedy text of a model of GPT-2's shape alone and with drafts, in turn. The draft has
 * the first layers of the model, and what the other layers add is scaled down, so that the two
 * agree often, as a fit pair does; how often is printed. Both have random weights.
 *
 * <p>Arguments NAME=VALUE: {@code rounds}, {@code threads}, {@code engine}, {@code set} (properties
 * of the sessions with drafts), {@code model} and {@code draft}, their layers, {@code scale},
 * {@code tokens} guessed at a time by commas.
 */
public final class DraftPeers {
  private static final int NEW = 64;
  private static final int PROMPT = 32;
  private static final int CONTEXT = 1024;
  private static final long SETTLE = 500_000_000;

  private DraftPeers() {}

  public static void main(String[] arguments) {
    Map<String, String> given = new LinkedHashMap<>();
    for (String argument : arguments) {
      int split = argument.indexOf('=');
      given.put(argument.substring(0, split), argument.substring(split + 1));
    }
    final int rounds = Integer.parseInt(given.getOrDefault("rounds", "4"));
    final int all = Integer.parseInt(given.getOrDefault("model", "12"));
    final int layers = Integer.parseInt(given.getOrDefault("draft", "1"));
    Engine engine = Engines.get(given.getOrDefault("engine", "onnx"));
    SessionOptions alone =
        SessionOptions.defaults().withThreads(Integer.parseInt(given.getOrDefault("threads", "2")));
    SessionOptions options = alone;
    for (String property : given.getOrDefault("set", "").split(",", -1)) {
      int split = property.indexOf('=');
      if (split > 0) {
        options = options.with(property.substring(0, split), property.substring(split + 1));
      }
    }
    Program model = Program.of(Gpt.gpt2(768, 12, all));
    Program smaller = Generator.lastLogits(Program.of(Gpt.gpt2(768, 12, layers)));
    double scale = Double.parseDouble(given.getOrDefault("scale", "0.02"));
    Weights weights =
        Parameters.init(model, 1)
            .map((name, tensor) -> isAdded(name, layers, all) ? scaled(tensor, scale) : tensor);
    try (Session plain = engine.open(Generator.lastLogits(model), weights, alone);
        Session checking = engine.open(model, weights, options);
        Session draft = engine.open(smaller, weights, options)) {
      Map<String, Generator> peers = new LinkedHashMap<>();
      peers.put("alone", Generator.decoder(plain));
      for (String tokens : given.getOrDefault("tokens", "3,5,8").split(",", -1)) {
        int count = Integer.parseInt(tokens);
        Generator checked = Generator.decoder(checking);
        peers.put("a draft of " + count, checked.drafting(Drafts.model(draft, CONTEXT, count)));
        peers.put("a lookup of " + count, checked.drafting(Drafts.lookup(3, count)));
      }
      run(peers, rounds);
    }
  }

  /** Whether a parameter is the last of what a layer above the draft's adds. */
  private static boolean isAdded(String name, int layers, int all) {
    return IntStream.range(layers, all).anyMatch(i -> name.contains(".h." + i + "."))
        && name.contains("c_proj");
  }

  private static HostTensor scaled(HostTensor tensor, double by) {
    HostTensor scaled = HostTensor.zeros(tensor.dtype(), tensor.shape());
    for (long i = 0; by != 0 && i < scaled.size(); i++) {
      scaled.set(i, by * tensor.getDouble(i));
    }
    return scaled;
  }

  private static void run(Map<String, Generator> peers, int rounds) {
    GenerationOptions options = GenerationOptions.of(NEW, CONTEXT, Sampling.greedy());
    Map<String, double[]> rates = new LinkedHashMap<>();
    Map<String, Generation> texts = new LinkedHashMap<>();
    for (int round = -2; round < rounds; round++) { // the first two are not counted
      for (Map.Entry<String, Generator> peer : peers.entrySet()) {
        long[] prompt = LongStream.range(0, PROMPT).map(i -> (i % 8) * 97 % 50257).toArray();
        LockSupport.parkNanos(
            SETTLE); // until the threads of the peer before wait no longer actively
        long start = System.nanoTime();
        Generation text = peer.getValue().generate(prompt, options);
        double rate = NEW * 1e9 / (System.nanoTime() - start);
        System.err.printf("round %d %s: %.1f tokens/s%n", round, peer.getKey(), rate);
        texts.put(peer.getKey(), text);
        if (round >= 0) {
          rates.computeIfAbsent(peer.getKey(), name -> new double[rounds])[round] = rate;
        }
      }
    }
    double[] alone = Objects.requireNonNull(rates.get("alone"));
    Generation text = Objects.requireNonNull(texts.get("alone"));
    System.out.println("| greedy | tokens/s, median | ratio | guesses taken | same text |");
    System.out.println("|---|---|---|---|---|");
    rates.forEach(
        (name, own) -> {
          Generation drafted = Objects.requireNonNull(texts.get(name));
          Drafted share = drafted.drafted();
          double[] ratios = new double[own.length];
          Arrays.setAll(ratios, i -> own[i] / alone[i]);
          System.out.printf(
              Locale.ROOT,
              "| %s | %.1f | %.2f | %s | %s |%n",
              name,
              median(own),
              median(ratios),
              share == null ? "" : Math.round(100 * share.share()) + " %",
              drafted.tokens().equals(text.tokens()) ? "yes" : "no");
        });
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
