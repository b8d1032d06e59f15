package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.attention4j.models.data.Example;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which tokens of a pair are read, and which of them count. */
class PreferenceExamplesTest {
  private static final long END = 0;
  private static final String PROMPT = "the cat sat on the mat and a dog ran to the house";

  private final JsonTokenizer tokenizer =
      JsonTokenizer.load(Path.of("src/test/resources/tokenizers/bpe_gpt2/tokenizer.json"));

  @AfterEach
  void close() {
    tokenizer.close();
  }

  private Example example(int longest, String prompt, String chosen, String rejected) {
    PreferenceFile.Pair pair = new PreferenceFile.Pair(prompt, chosen, rejected, 3);
    return new PreferenceExamples(Path.of("pairs.jsonl"), tokenizer, longest, OptionalLong.of(END))
        .of(List.of(pair))
        .get(0);
  }

  private static long[] behind(long[] ids, double start) {
    return Arrays.copyOfRange(ids, (int) start, ids.length);
  }

  private long[] ended(String text) {
    long[] ids = tokenizer.encode(text);
    long[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = END;
    return longer;
  }

  @Test
  void completionsBeginBehindThePromptAndEndWithTheEndToken() {
    Example example = example(64, PROMPT, " at night", " he said that");
    assertArrayEquals(ended(PROMPT + " at night"), example.tokens());
    assertArrayEquals(ended(PROMPT + " he said that"), example.partner());
    assertArrayEquals(ended(" at night"), behind(example.tokens(), example.labels()[0]));
    assertArrayEquals(ended(" he said that"), behind(example.partner(), example.labels()[1]));
    assertEquals(3, example.line());
  }

  @Test
  void tokensThatMergeWhereTheTextsMeetAreOfTheCompletion() {
    Example example = example(64, "the cat ", "sat", "said");
    long[] together = tokenizer.encode("the cat sat");
    assertArrayEquals(ended("the cat sat"), example.tokens());
    int start = (int) example.labels()[0];
    assertTrue(start < together.length);
    assertEquals("the cat sat", tokenizer.decode(Arrays.copyOf(example.tokens(), together.length)));
    assertFalse(tokenizer.decode(Arrays.copyOf(example.tokens(), start)).contains("sat"));
  }

  @Test
  void aLongPromptLosesItsBeginningAndBothCompletionsSeeTheSameRest() {
    int prompt = tokenizer.encode(PROMPT).length;
    int longer = ended(" he said that").length;
    int longest = prompt + longer - 3;
    Example example = example(longest, PROMPT, " he said that", " at");
    assertEquals(longest, example.tokens().length);
    assertEquals(prompt - 3, example.labels()[0]);
    assertEquals(prompt - 3, example.labels()[1]);
    long[] rest = Arrays.copyOfRange(tokenizer.encode(PROMPT), 3, prompt);
    assertArrayEquals(rest, Arrays.copyOf(example.tokens(), prompt - 3));
    assertArrayEquals(rest, Arrays.copyOf(example.partner(), prompt - 3));
    assertArrayEquals(ended(" at"), behind(example.partner(), prompt - 3));
  }

  @Test
  void halfOfTheRoomIsLeftToThePromptAndTheRestToTheCompletions() {
    Example example = example(8, PROMPT, " " + PROMPT, " " + PROMPT + " at night");
    assertEquals(8, example.tokens().length);
    assertEquals(4, example.labels()[0]);
    assertArrayEquals(
        Arrays.copyOf(tokenizer.encode(" " + PROMPT), 4), behind(example.tokens(), 4));
  }

  /** Targets stand one place before their tokens; those of prompt and padding do not count. */
  @Test
  void batchesHaveTargetsForTheCompletionsAlone() {
    long[] chosen = {5, 6, 7, 8};
    long[] rejected = {5, 6, 9};
    Example row = new Example(chosen, new long[4], rejected, new double[] {2, 2}, 0);
    Map<String, HostTensor> unread =
        new PreferenceCollator(1).collate(List.of(row), new SplittableRandom(0));
    assertEquals(
        "[5, 6, 7, 8, 5, 6, 9, 1]", values(unread, "input_ids"), "chosen first, padded behind");
    assertEquals("[-100, 7, 8, -100, -100, 9, -100, -100]", values(unread, "targets"));
    assertFalse(unread.containsKey(PreferenceLoss.REFERENCE));
    Example read = new Example(chosen, new long[4], rejected, new double[] {2, 2, -3, -4}, 0);
    Map<String, HostTensor> all =
        new PreferenceCollator(1).collate(List.of(read), new SplittableRandom(0));
    assertArrayEquals(
        new double[] {-3, -4},
        Objects.requireNonNull(all.get(PreferenceLoss.REFERENCE)).toDoubleArray());
  }

  private static String values(Map<String, HostTensor> batch, String name) {
    HostTensor tensor = Objects.requireNonNull(batch.get(name));
    long[] values = new long[(int) tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.getLong(i);
    }
    assertArrayEquals(new long[] {1, 2, 4}, tensor.shape());
    return Arrays.toString(values);
  }
}
