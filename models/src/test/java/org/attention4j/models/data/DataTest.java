package org.attention4j.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.LongStream;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.token.CharTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Corpora are read with clear errors, and batches are what their numbers say. */
class DataTest {
  @TempDir Path directory;

  private Path file(byte[] contents) throws IOException {
    return Files.write(directory.resolve("corpus.txt"), contents);
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }

  @Test
  void aCorpusThatIsMissingEmptyOrNoTextIsRefused() throws IOException {
    Path missing = directory.resolve("no.txt");
    assertThrows(StorageException.class, () -> TextFile.read(missing));
    assertThrows(StorageException.class, () -> TextFile.read(directory));
    Path file = file(new byte[0]);
    assertTrue(
        message(assertThrows(FileFormatException.class, () -> TextFile.read(file)))
            .contains("empty"));
    file(new byte[] {'a', 0, 'b'});
    assertEquals(
        1,
        assertThrows(FileFormatException.class, () -> TextFile.read(file)).offset().orElseThrow());
    file("señal".getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(
        message(assertThrows(FileFormatException.class, () -> TextFile.read(file)))
            .contains("UTF-8"));
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheText() throws IOException {
    Path file = file("\uFEFFhola".getBytes(StandardCharsets.UTF_8));
    assertEquals("hola", TextFile.read(file));
  }

  private static NextTokenBatches batches(long seed) {
    return new NextTokenBatches(Split.of(LongStream.range(0, 1000).toArray(), 0.9, 8), 4, 8, seed);
  }

  private static long[] values(Map<String, HostTensor> batch, String name) {
    return batch.getOrDefault(name, HostTensor.scalar(-1L)).toLongArray();
  }

  @Test
  void targetsAreTheNextTokensOfTheirPart() {
    for (long number = 0; number < 50; number++) {
      Map<String, HostTensor> training = batches(1).training(number);
      long[] inputs = values(training, "input_ids");
      long[] targets = values(training, "targets");
      for (int i = 0; i < inputs.length; i++) {
        assertEquals(inputs[i] + 1, targets[i]); // token n of this corpus is n
        assertTrue(targets[i] < 900, "from the validation part");
      }
      for (long token : values(batches(1).validation(number), "input_ids")) {
        assertTrue(token >= 900, "from the training part");
      }
    }
  }

  @Test
  void aBatchIsAFunctionOfSeedAndNumber() {
    assertArrayEquals(
        values(batches(1).training(7), "input_ids"), values(batches(1).training(7), "input_ids"));
    assertTrue(
        !Arrays.equals(
            values(batches(1).training(7), "input_ids"),
            values(batches(1).training(8), "input_ids")));
    assertTrue(
        !Arrays.equals(
            values(batches(1).training(7), "input_ids"),
            values(batches(2).training(7), "input_ids")));
  }

  @Test
  void theWholeValidationPartIsCoveredOnce() {
    NextTokenBatches batches = batches(1);
    long seen = 0;
    for (long i = 0; i < batches.validationBatches(); i++) {
      for (long target : values(batches.wholeValidation(i), "targets")) {
        assertEquals(900 + 1 + seen, target);
        seen++;
      }
    }
    assertEquals(96, seen); // 12 windows of 8 in 100 tokens
  }

  @Test
  void aCorpusShorterThanAWindowIsRefused() {
    UsageException e = assertThrows(UsageException.class, () -> Split.of(new long[20], 0.9, 8));
    assertTrue(message(e).contains("too short"), message(e));
  }

  @Test
  void maskedBatchesFollowTheSharesOfBert() {
    NextTokenBatches windows =
        new NextTokenBatches(
            Split.of(LongStream.generate(() -> 9).limit(200_000).toArray(), 0.9, 100), 100, 100, 3);
    MaskedBatches masked = new MaskedBatches(windows, 3, 5, 50);
    double predicted = 0;
    double hidden = 0;
    double same = 0;
    for (long number = 0; number < 20; number++) {
      Map<String, HostTensor> batch = masked.training(number);
      long[] inputs = values(batch, "input_ids");
      long[] targets = values(batch, "targets");
      for (int i = 0; i < inputs.length; i++) {
        if (targets[i] >= 0) {
          assertEquals(9, targets[i]);
          predicted++;
          hidden += inputs[i] == 3 ? 1 : 0;
          same += inputs[i] == 9 ? 1 : 0;
        } else {
          assertEquals(9, inputs[i]);
        }
      }
    }
    assertEquals(0.15, predicted / 200_000, 0.005);
    assertEquals(0.80, hidden / predicted, 0.01);
    assertEquals(0.10 + 0.10 / 45, same / predicted, 0.01); // a random token may be the same
  }

  @Test
  void pairsAreShiftedAndPadded() {
    String text = "ab\tcd\n".repeat(9) + "abc\td\n";
    try (Tokenizer tokenizer = CharTokenizer.of(text, true)) {
      PairBatches batches = PairBatches.of(Path.of("pairs"), text, tokenizer, 8, 1, 1);
      Map<String, HostTensor> batch = batches.training(0);
      long[] target = tokenizer.encode("cd");
      assertArrayEquals(new long[] {1, target[0], target[1]}, values(batch, "decoder_input_ids"));
      assertArrayEquals(new long[] {target[0], target[1], 2}, values(batch, "targets"));
      assertThrows(
          FileFormatException.class,
          () -> PairBatches.of(Path.of("pairs"), "no tab", tokenizer, 8, 1, 1));
    }
  }
}
