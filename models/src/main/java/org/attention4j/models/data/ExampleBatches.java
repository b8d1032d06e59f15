package org.attention4j.models.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.HostTensor;

/**
 * Batches of examples, padded. Each epoch goes through all training examples once, in an order of
 * its own.
 */
public final class ExampleBatches implements Batches {
  private static final int ORDER = 300;
  private static final int CHUNK = 50; // batches whose examples are sorted by length together

  /** How examples come together. */
  public enum Order {
    /** At random. */
    SHUFFLED,
    /** With others of similar length, which needs less padding. */
    BUCKETED
  }

  private record Epoch(long number, List<List<Example>> batches) {}

  private final List<Example> training;
  private final List<Example> validation;
  private final Collator collator;
  private final int batch;
  private final Order order;
  private final long seed;
  private volatile Epoch last;

  /**
   * Splits examples at random; those of one line stay together.
   *
   * @param share of the lines that go to training; at least one goes to each part
   * @throws UsageException if there are fewer than two examples, or the share is not between 0 and
   *     1
   */
  public ExampleBatches(
      List<Example> examples, double share, Collator collator, int batch, Order order, long seed) {
    Map<Integer, List<Example>> lines =
        examples.stream()
            .collect(Collectors.groupingBy(Example::line, LinkedHashMap::new, Collectors.toList()));
    if (lines.size() < 2) {
      throw new UsageException(
          "fine-tuning needs at least two examples, one of them for validation; there is "
              + (lines.isEmpty() ? "none" : "one"));
    }
    if (!(share > 0 && share < 1)) {
      throw new UsageException("the training share is between 0 and 1, not " + share);
    }
    if (batch < 1) {
      throw new UsageException("a batch has at least one example, not " + batch);
    }
    this.seed = seed;
    List<List<Example>> shuffled = new ArrayList<>(lines.values());
    Collections.shuffle(shuffled, random(seed, ORDER, -1));
    int size = shuffled.size();
    int cut = (int) Math.max(1, Math.min(size - 1L, Math.round(size * share)));
    this.training = shuffled.subList(0, cut).stream().flatMap(List::stream).toList();
    this.validation = shuffled.subList(cut, size).stream().flatMap(List::stream).toList();
    this.collator = collator;
    this.batch = batch;
    this.order = order;
    this.last = new Epoch(-1, List.of());
  }

  private static Random random(long seed, int stream, long number) {
    return new Random(Batches.random(seed, stream, number).nextLong());
  }

  /** The examples that are not trained on. */
  public List<Example> validation() {
    return validation;
  }

  /** Batches that go through the training examples once. */
  public long batchesPerEpoch() {
    return ((long) training.size() + batch - 1) / batch;
  }

  private Epoch epoch(long number) {
    Random random = random(seed, ORDER + 1, number);
    List<Example> all = new ArrayList<>(training);
    Collections.shuffle(all, random);
    if (order == Order.BUCKETED) {
      int chunk = CHUNK * batch;
      for (int i = 0; i < all.size(); i += chunk) {
        all.subList(i, Math.min(all.size(), i + chunk))
            .sort(Comparator.comparingInt(Example::length));
      }
    }
    List<List<Example>> batches = new ArrayList<>();
    for (int i = 0; i < all.size(); i += batch) {
      batches.add(List.copyOf(all.subList(i, Math.min(all.size(), i + batch))));
    }
    Collections.shuffle(batches, random);
    return new Epoch(number, batches);
  }

  private Map<String, HostTensor> collate(List<Example> rows, int stream, long number) {
    return collator.collate(rows, Batches.random(seed, stream, number));
  }

  @Override
  public Map<String, HostTensor> training(long number) {
    long wanted = number / batchesPerEpoch();
    Epoch epoch = last;
    if (epoch.number != wanted) {
      epoch = epoch(wanted);
      last = epoch;
    }
    return collate(epoch.batches.get((int) (number % batchesPerEpoch())), ORDER + 2, number);
  }

  @Override
  public Map<String, HostTensor> trainingSample(long number) {
    return sample(training, ORDER + 3, number);
  }

  @Override
  public Map<String, HostTensor> validation(long number) {
    return sample(validation, ORDER + 4, number);
  }

  private Map<String, HostTensor> sample(List<Example> from, int stream, long number) {
    SplittableRandom random = Batches.random(seed, stream, number);
    List<Example> rows = new ArrayList<>();
    int start = random.nextInt(from.size());
    for (int i = 0; i < Math.min(batch, from.size()); i++) {
      rows.add(from.get((start + i) % from.size())); // the order is random already
    }
    return collator.collate(rows, random);
  }

  @Override
  public long validationBatches() {
    return ((long) validation.size() + batch - 1) / batch;
  }

  @Override
  public Map<String, HostTensor> wholeValidation(long number) {
    int first = Math.toIntExact(number * batch);
    List<Example> rows = validation.subList(first, Math.min(validation.size(), first + batch));
    return collate(rows, ORDER + 5, number);
  }

  @Override
  public long tokensPerBatch() {
    long tokens = training.stream().mapToLong(Example::length).sum();
    return Math.max(1, Math.min(batch, training.size()) * tokens / training.size());
  }
}
