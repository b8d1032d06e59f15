package org.attention4j.models.data;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.HostTensor;

/**
 * How examples become inputs, under Hugging Face's names: i64 [batch, time], padded on the right;
 * labels of -100 do not count.
 */
public final class Collators {
  private static final long IGNORED = -100;
  private static final double PREDICTED = 0.15;
  private static final double MASKED = 0.8;
  private static final double REPLACED = 0.1;

  private Collators() {}

  private static HostTensor padded(
      List<Example> rows, Function<Example, long[]> values, long padding) {
    int width = rows.stream().mapToInt(row -> values.apply(row).length).max().orElse(0);
    long[] all = new long[rows.size() * width];
    Arrays.fill(all, padding);
    for (int i = 0; i < rows.size(); i++) {
      long[] own = values.apply(rows.get(i));
      System.arraycopy(own, 0, all, i * width, own.length);
    }
    return HostTensor.of(all, rows.size(), width);
  }

  private static long[] ones(Example row) {
    long[] ones = new long[row.tokens().length];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** What an encoder reads: {@code input_ids}, {@code attention_mask}, {@code token_type_ids}. */
  private static Map<String, HostTensor> source(List<Example> rows, long padding, boolean types) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", padded(rows, Example::tokens, padding));
    inputs.put("attention_mask", padded(rows, Collators::ones, 0));
    if (types) {
      inputs.put("token_type_ids", padded(rows, Example::types, 0));
    }
    return inputs;
  }

  /**
   * The next token. Without a mask: a token never sees the padding after it. The first label counts
   * for nothing, as nothing comes before it.
   */
  public static Collator causal(long padding) {
    return (rows, random) -> {
      HostTensor labels = padded(rows, Example::tokens, IGNORED);
      for (int i = 0; i < rows.size(); i++) {
        labels.set(i * labels.dim(1), IGNORED);
      }
      return Map.of("input_ids", padded(rows, Example::tokens, padding), "labels", labels);
    };
  }

  /**
   * Tokens behind masks (Devlin et al. 2019, section 3.1): 15 % of the tokens are to be predicted;
   * of those 80 % become the mask, 10 % a random token, 10 % stay.
   *
   * @param mask id of the mask token
   * @param specials ids that are never to be predicted
   * @param vocabulary ids that stand in for others are below
   */
  public static Collator masked(
      long padding, boolean types, long mask, Set<Long> specials, long vocabulary) {
    Set<Long> kept = Set.copyOf(specials);
    return (rows, random) -> {
      Map<String, HostTensor> inputs = source(rows, padding, types);
      HostTensor ids = padded(rows, Example::tokens, padding);
      HostTensor labels = HostTensor.of(new long[(int) ids.size()], ids.shape());
      long width = ids.dim(1);
      boolean any = false;
      long somewhere = 0;
      for (long i = 0; i < ids.size(); i++) {
        long token = ids.getLong(i);
        boolean real = i % width < rows.get((int) (i / width)).tokens().length;
        boolean word = real && !kept.contains(token);
        somewhere = word ? i : somewhere;
        boolean chosen = word && random.nextDouble() < PREDICTED;
        labels.set(i, chosen ? token : IGNORED);
        if (chosen) {
          any = true;
          ids.set(i, replacement(token, mask, vocabulary, random));
        }
      }
      if (!any) { // a mean over nothing is no loss
        labels.set(somewhere, ids.getLong(somewhere));
        ids.set(somewhere, mask);
      }
      inputs.put("input_ids", ids);
      inputs.put("labels", labels);
      return inputs;
    };
  }

  private static long replacement(long token, long mask, long vocabulary, SplittableRandom random) {
    double draw = random.nextDouble();
    if (draw < MASKED) {
      return mask;
    }
    return draw < MASKED + REPLACED ? random.nextLong(vocabulary) : token;
  }

  /** A text from a text; the model makes the decoder's input of the labels. */
  public static Collator seq2seq(long padding) {
    return (rows, random) -> {
      Map<String, HostTensor> inputs = source(rows, padding, false);
      inputs.put("labels", padded(rows, Example::partner, IGNORED));
      return inputs;
    };
  }

  /**
   * A class for each text.
   *
   * @param masked whether the model takes a mask; decoders look for the padding token instead
   */
  public static Collator classes(long padding, boolean masked, boolean types) {
    return (rows, random) -> {
      Map<String, HostTensor> inputs = read(rows, padding, masked, types);
      inputs.put("labels", column(rows, 0));
      return inputs;
    };
  }

  /**
   * Numbers for each text, or for each class whether it holds: f32 [batch, numbers], or [batch] if
   * it is one number that the model learns.
   *
   * @param column whether a single number has an axis of its own
   */
  public static Collator numbers(long padding, boolean masked, boolean types, boolean column) {
    return (rows, random) -> {
      Map<String, HostTensor> inputs = read(rows, padding, masked, types);
      int width = rows.get(0).labels().length;
      float[] values = new float[rows.size() * width];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) rows.get(i / width).labels()[i % width];
      }
      inputs.put(
          "labels",
          width == 1 && !column
              ? HostTensor.of(values, rows.size())
              : HostTensor.of(values, rows.size(), width));
      return inputs;
    };
  }

  /** A class for each token: {@code labels} [batch, time]; those of padding do not count. */
  public static Collator tokens(long padding, boolean masked, boolean types) {
    return (rows, random) -> {
      Map<String, HostTensor> inputs = read(rows, padding, masked, types);
      inputs.put(
          "labels",
          padded(
              rows,
              row -> Arrays.stream(row.labels()).mapToLong(l -> (long) l).toArray(),
              IGNORED));
      return inputs;
    };
  }

  /** Where answers stand: {@code start_positions} and {@code end_positions} [batch]. */
  public static Collator answers(long padding, boolean masked, boolean types) {
    return (rows, random) -> {
      Map<String, HostTensor> inputs = read(rows, padding, masked, types);
      inputs.put("start_positions", column(rows, 0));
      inputs.put("end_positions", column(rows, 1));
      return inputs;
    };
  }

  private static HostTensor column(List<Example> rows, int at) {
    return HostTensor.of(
        rows.stream().mapToLong(row -> (long) row.labels()[at]).toArray(), rows.size());
  }

  private static Map<String, HostTensor> read(
      List<Example> rows, long padding, boolean masked, boolean types) {
    Map<String, HostTensor> inputs = source(rows, padding, types);
    if (!masked) {
      inputs.remove("attention_mask");
    }
    return inputs;
  }

  /** Sentences, each followed by its partner: [2 x pairs, time]. */
  public static Collator pairs(long padding, boolean types) {
    return (rows, random) -> {
      if (rows.isEmpty()) {
        throw new UsageException("a batch of pairs needs at least one");
      }
      List<Example> both =
          rows.stream()
              .flatMap(
                  row ->
                      List.of(
                          row,
                          new Example(
                              row.partner(),
                              new long[row.partner().length],
                              new long[0],
                              new double[0],
                              row.line()))
                          .stream())
              .toList();
      return source(both, padding, types);
    };
  }
}
