package org.attention4j.models.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.attention4j.error.Count;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.tensor.HostTensor;

/**
 * Pairs of a source and a target text, padded: {@code input_ids} and {@code attention_mask} [batch,
 * source_time], {@code decoder_input_ids} and {@code targets} [batch, time]. The decoder's input
 * begins with the start token, the targets end with the end token; padding is -100 there.
 */
public final class PairBatches implements Batches {
  private static final long IGNORED = -100;

  /** Token ids of one pair, without special tokens. Do not change the arrays. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Pair(long[] source, long[] target) {}

  /**
   * Ids of the special tokens.
   *
   * @param pad fills up
   * @param start begins the decoder's input
   * @param end ends the targets
   */
  public record Marks(long pad, long start, long end) {

    /**
     * Those of a tokenizer.
     *
     * @throws UsageException if it lacks one
     */
    public static Marks of(Tokenizer tokenizer) {
      return new Marks(
          required(tokenizer, "<pad>"), required(tokenizer, "<bos>"), required(tokenizer, "<eos>"));
    }

    private static long required(Tokenizer tokenizer, String name) {
      return tokenizer
          .special(name)
          .orElseThrow(
              () ->
                  new UsageException(
                      "a tokenizer of " + tokenizer.description() + " has no token " + name));
    }
  }

  private final List<Pair> training;
  private final List<Pair> validation;
  private final Marks marks;
  private final int batch;
  private final long seed;

  private PairBatches(
      List<Pair> training, List<Pair> validation, Marks marks, int batch, long seed) {
    this.training = training;
    this.validation = validation;
    this.marks = marks;
    this.batch = batch;
    this.seed = seed;
  }

  /**
   * Reads one pair a line, separated by a tab; pairs longer than the context are left out. Every
   * tenth pair is for validation.
   *
   * @param context most tokens of a side, start or end token included
   * @throws FileFormatException if a line is no pair
   */
  public static PairBatches of(
      Path file, String text, Tokenizer tokenizer, int context, int batch, long seed) {
    List<Pair> training = new ArrayList<>();
    List<Pair> validation = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String[] sides = lines.get(i).split("\t", -1);
      if (sides.length < 2) {
        throw new FileFormatException(
            file, "line " + (i + 1) + " is no pair: write the source text, a tab, the target text");
      }
      Pair pair = new Pair(tokenizer.encode(sides[0]), tokenizer.encode(sides[1]));
      if (Math.max(pair.source.length, pair.target.length) < context) {
        (i % 10 == 9 ? validation : training).add(pair);
      }
    }
    if (training.isEmpty() || validation.isEmpty()) {
      throw new UsageException(
          file
              + ": "
              + Count.of(lines.size(), "pair")
              + " cannot be enough, or too long for a context of "
              + context);
    }
    return new PairBatches(training, validation, Marks.of(tokenizer), batch, seed);
  }

  @Override
  public Map<String, HostTensor> training(long number) {
    return random(training, 200, number);
  }

  @Override
  public Map<String, HostTensor> trainingSample(long number) {
    return random(training, 201, number);
  }

  @Override
  public Map<String, HostTensor> validation(long number) {
    return random(validation, 202, number);
  }

  @Override
  public long validationBatches() {
    return ((long) validation.size() + batch - 1) / batch;
  }

  @Override
  public Map<String, HostTensor> wholeValidation(long number) {
    int first = Math.toIntExact(number * batch);
    return tensors(validation.subList(first, Math.min(validation.size(), first + batch)));
  }

  @Override
  public long tokensPerBatch() {
    long tokens = 0;
    for (Pair pair : training) {
      tokens += pair.target.length + 1;
    }
    return batch * tokens / training.size();
  }

  private Map<String, HostTensor> random(List<Pair> pairs, int stream, long number) {
    SplittableRandom random = Batches.random(seed, stream, number);
    List<Pair> chosen = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      chosen.add(pairs.get(random.nextInt(pairs.size())));
    }
    return tensors(chosen);
  }

  private Map<String, HostTensor> tensors(List<Pair> pairs) {
    int sourceTime = 1;
    int time = 1;
    for (Pair pair : pairs) {
      sourceTime = Math.max(sourceTime, pair.source.length);
      time = Math.max(time, pair.target.length + 1);
    }
    long[] source = filled(pairs.size() * sourceTime, marks.pad());
    long[] mask = new long[source.length];
    long[] inputs = filled(pairs.size() * time, marks.pad());
    long[] targets = filled(inputs.length, IGNORED);
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      System.arraycopy(pair.source, 0, source, i * sourceTime, pair.source.length);
      Arrays.fill(mask, i * sourceTime, i * sourceTime + pair.source.length, 1);
      inputs[i * time] = marks.start();
      System.arraycopy(pair.target, 0, inputs, i * time + 1, pair.target.length);
      System.arraycopy(pair.target, 0, targets, i * time, pair.target.length);
      targets[i * time + pair.target.length] = marks.end();
    }
    return Map.of(
        "input_ids", HostTensor.of(source, pairs.size(), sourceTime),
        "attention_mask", HostTensor.of(mask, pairs.size(), sourceTime),
        "decoder_input_ids", HostTensor.of(inputs, pairs.size(), time),
        "targets", HostTensor.of(targets, pairs.size(), time));
  }

  private static long[] filled(int size, long value) {
    long[] array = new long[size];
    Arrays.fill(array, value);
    return array;
  }
}
