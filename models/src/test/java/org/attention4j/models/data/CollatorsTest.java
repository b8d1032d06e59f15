package org.attention4j.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Padding, labels, masks and the order of examples. */
class CollatorsTest {
  private static final long IGNORED = -100;

  private static Example example(int line, int length, int partner) {
    long[] tokens = LongStream.range(10, 10 + length).toArray();
    long[] other = LongStream.range(50, 50 + partner).toArray();
    return new Example(tokens, new long[length], other, new double[] {line % 3}, line);
  }

  private static long[] longs(Map<String, HostTensor> batch, String name) {
    return Objects.requireNonNull(batch.get(name), name).toLongArray();
  }

  private static SplittableRandom random() {
    return new SplittableRandom(1);
  }

  @Test
  void causalLabelsAreTheTokensButTheFirstAndThePadding() {
    Map<String, HostTensor> batch =
        Collators.causal(7).collate(List.of(example(0, 3, 0), example(1, 2, 0)), random());
    assertArrayEquals(new long[] {10, 11, 12, 10, 11, 7}, longs(batch, "input_ids"));
    assertArrayEquals(new long[] {IGNORED, 11, 12, IGNORED, 11, IGNORED}, longs(batch, "labels"));
  }

  @Test
  void translationsHaveAMaskForTheSourceAndIgnoredPaddingInTheTarget() {
    Map<String, HostTensor> batch =
        Collators.seq2seq(0).collate(List.of(example(0, 3, 1), example(1, 1, 2)), random());
    assertArrayEquals(new long[] {10, 11, 12, 10, 0, 0}, longs(batch, "input_ids"));
    assertArrayEquals(new long[] {1, 1, 1, 1, 0, 0}, longs(batch, "attention_mask"));
    assertArrayEquals(new long[] {50, IGNORED, 50, 51}, longs(batch, "labels"));
  }

  @Test
  void pairsStandOneAfterTheOther() {
    Map<String, HostTensor> batch =
        Collators.pairs(0, true).collate(List.of(example(0, 2, 1), example(1, 1, 2)), random());
    assertArrayEquals(new long[] {10, 11, 50, 0, 10, 0, 50, 51}, longs(batch, "input_ids"));
    assertTrue(batch.containsKey("token_type_ids"));
  }

  @Test
  void labelsAreClassesOrNumbers() {
    List<Example> rows = List.of(example(1, 2, 0), example(2, 2, 0));
    Map<String, HostTensor> classes = Collators.classes(0, true, false).collate(rows, random());
    assertArrayEquals(new long[] {1, 2}, longs(classes, "labels"));
    Map<String, HostTensor> numbers =
        Collators.numbers(0, false, false, false).collate(rows, random());
    HostTensor labels = Objects.requireNonNull(numbers.get("labels"));
    assertTrue(labels.dtype().isFloating());
    assertArrayEquals(new long[] {2}, labels.shape());
    assertFalse(numbers.containsKey("attention_mask"));
    HostTensor marks =
        Objects.requireNonNull(
            Collators.numbers(0, true, false, true).collate(rows, random()).get("labels"));
    assertArrayEquals(new long[] {2, 1}, marks.shape());
  }

  private static Example labelled(int line, int length, double... labels) {
    return new Example(new long[length], new long[length], new long[0], labels, line);
  }

  @Test
  void labelsOfTokensArePaddedAndDoNotCountThere() {
    Map<String, HostTensor> batch =
        Collators.tokens(0, true, false)
            .collate(List.of(labelled(0, 3, -100, 4, 1), labelled(1, 2, 2, 3)), random());
    assertArrayEquals(new long[] {IGNORED, 4, 1, 2, 3, IGNORED}, longs(batch, "labels"));
  }

  @Test
  void answersHaveAFirstAndALastToken() {
    Map<String, HostTensor> batch =
        Collators.answers(0, true, true)
            .collate(List.of(labelled(0, 3, 1, 2), labelled(1, 2, 0, 0)), random());
    assertArrayEquals(new long[] {1, 0}, longs(batch, "start_positions"));
    assertArrayEquals(new long[] {2, 0}, longs(batch, "end_positions"));
  }

  /** Otherwise a model would be validated on texts that it learned from. */
  @Test
  void examplesOfOneLineAreTrainedOnTogetherOrNotAtAll() {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      examples.add(labelled(i / 4, 2, i, i));
    }
    ExampleBatches batches =
        new ExampleBatches(
            examples, 0.5, Collators.answers(0, true, false), 3, ExampleBatches.Order.SHUFFLED, 1);
    assertEquals(20, batches.validation().size());
    assertEquals(5, batches.validation().stream().map(Example::line).distinct().count());
  }

  /** Of the words 15 % are to be predicted: 80 % masks, 10 % others, 10 % as they were. */
  @Test
  void masksFallAsInThePaper() {
    Collator collator = Collators.masked(0, false, 3, Set.of(10L), 1000);
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      rows.add(example(i, 30, 0));
    }
    Map<String, HostTensor> batch = collator.collate(rows, random());
    long[] ids = longs(batch, "input_ids");
    long[] labels = longs(batch, "labels");
    double chosen = 0;
    double masks = 0;
    double same = 0;
    for (int i = 0; i < ids.length; i++) {
      long original = 10L + i % 30;
      if (labels[i] == IGNORED) {
        assertEquals(original, ids[i], "only what is predicted changes");
        continue;
      }
      assertEquals(original, labels[i]);
      assertNotEquals(10, labels[i], "a special token");
      chosen++;
      masks += ids[i] == 3 ? 1 : 0;
      same += ids[i] == original ? 1 : 0;
    }
    assertEquals(0.15, chosen / (400 * 29), 0.012);
    assertEquals(0.8, masks / chosen, 0.04);
    assertEquals(0.1, same / chosen, 0.03);
  }

  @Test
  void somethingIsAlwaysPredicted() {
    Collator collator = Collators.masked(0, false, 3, Set.of(10L), 1000);
    for (int seed = 0; seed < 30; seed++) {
      Map<String, HostTensor> batch =
          collator.collate(List.of(example(0, 2, 0)), new SplittableRandom(seed));
      assertEquals(11, Arrays.stream(longs(batch, "labels")).max().orElse(0));
    }
  }

  private static ExampleBatches batches(ExampleBatches.Order order, long seed) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 47; i++) {
      examples.add(example(i, 1 + i % 9, i));
    }
    Collator lines =
        (rows, random) ->
            Map.of(
                "line",
                HostTensor.of(rows.stream().mapToLong(Example::line).toArray(), rows.size()),
                "length",
                HostTensor.of(rows.stream().mapToLong(Example::length).toArray(), rows.size()));
    return new ExampleBatches(examples, 0.8, lines, 5, order, seed);
  }

  @ParameterizedTest
  @EnumSource(ExampleBatches.Order.class)
  void anEpochHasEachTrainingExampleOnceAndNoneOfTheValidation(ExampleBatches.Order order) {
    ExampleBatches batches = batches(order, 1);
    Set<Long> validation = new HashSet<>();
    for (long i = 0; i < batches.validationBatches(); i++) {
      for (long line : longs(batches.wholeValidation(i), "line")) {
        assertTrue(validation.add(line));
      }
    }
    assertEquals(47 - 38, validation.size());
    for (long epoch = 0; epoch < 2; epoch++) {
      Set<Long> seen = new HashSet<>();
      for (long i = 0; i < batches.batchesPerEpoch(); i++) {
        long number = epoch * batches.batchesPerEpoch() + i;
        for (long line : longs(batches.training(number), "line")) {
          assertTrue(seen.add(line) && !validation.contains(line), "line " + line);
        }
      }
      assertEquals(38, seen.size());
    }
  }

  @Test
  void batchesAreAFunctionOfSeedAndNumber() {
    ExampleBatches one = batches(ExampleBatches.Order.BUCKETED, 1);
    ExampleBatches same = batches(ExampleBatches.Order.BUCKETED, 1);
    one.training(0);
    one.training(40);
    boolean different = false;
    for (long number : new long[] {9, 3, 40}) {
      assertArrayEquals(longs(one.training(number), "line"), longs(same.training(number), "line"));
      long[] other = longs(batches(ExampleBatches.Order.BUCKETED, 2).training(number), "line");
      different |= !Arrays.equals(other, longs(one.training(number), "line"));
    }
    assertTrue(different, "another seed gives other batches");
  }

  @Test
  void bucketsHoldExamplesOfSimilarLength() {
    assertTrue(
        spread(batches(ExampleBatches.Order.BUCKETED, 1))
            < spread(batches(ExampleBatches.Order.SHUFFLED, 1)) / 2);
  }

  private static double spread(ExampleBatches batches) {
    double sum = 0;
    for (long i = 0; i < batches.batchesPerEpoch(); i++) {
      long[] lengths = longs(batches.training(i), "length");
      sum += Arrays.stream(lengths).max().orElse(0) - Arrays.stream(lengths).min().orElse(0);
    }
    return sum;
  }

  @Test
  void tooFewExamplesAreRefused() {
    Collator none = (rows, random) -> Map.of();
    assertThrows(
        UsageException.class,
        () ->
            new ExampleBatches(
                List.of(example(0, 1, 0)), 0.5, none, 1, ExampleBatches.Order.SHUFFLED, 1));
  }
}
