package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.data.Example;
import org.attention4j.models.token.Encoding;
import org.attention4j.models.token.JsonTokenizer;

/**
 * Pairs of completions as examples: {@link Example#tokens} the prompt with the preferred
 * completion, {@link Example#partner} with the other one, {@link Example#labels} where each begins.
 */
final class PreferenceExamples {
  private final Path file;
  private final JsonTokenizer tokenizer;
  private final int longest;
  private final OptionalLong end;

  /**
   * For pairs of a file.
   *
   * @param longest tokens of a prompt with a completion at most
   * @param end token behind a completion
   */
  PreferenceExamples(Path file, JsonTokenizer tokenizer, int longest, OptionalLong end) {
    this.file = file;
    this.tokenizer = tokenizer;
    this.longest = longest;
    this.end = end;
  }

  /**
   * Prompt and completion as one text.
   *
   * @param start the first token that is of the completion
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Whole(long[] ids, int start) {
    /** Without some of the prompt's first words, and without what is then too much behind. */
    Whole cut(int before, int dropped, int longest) {
      int size = Math.min(longest, ids.length - dropped);
      long[] kept = new long[size];
      System.arraycopy(ids, 0, kept, 0, before);
      System.arraycopy(ids, before + dropped, kept, before, size - before);
      return new Whole(kept, start - dropped);
    }
  }

  List<Example> of(List<PreferenceFile.Pair> pairs) {
    List<Example> examples = new ArrayList<>();
    for (PreferenceFile.Pair pair : pairs) {
      long[] prompt = opened(tokenizer.encoding(pair.prompt()));
      int before = prompt.length - tokenizer.encode(pair.prompt()).length;
      Whole chosen = whole(prompt, pair.prompt() + pair.chosen());
      Whole rejected = whole(prompt, pair.prompt() + pair.rejected());
      int start = Math.min(chosen.start, rejected.start);
      if (start < 1 || prompt.length == before) { // nothing would predict the first token
        throw new FileFormatException(
            file, "line " + (pair.line() + 1) + " has a 'prompt' without a token of its own");
      }
      int surplus = Math.max(chosen.ids.length, rejected.ids.length) - longest;
      int least = Math.max(before + 1, longest / 2); // of the prompt, if it has so many
      int dropped = Math.max(0, Math.min(surplus, start - least));
      examples.add(
          example(
              chosen.cut(before, dropped, longest),
              rejected.cut(before, dropped, longest),
              pair.line()));
    }
    return examples;
  }

  private Example example(Whole chosen, Whole rejected, int line) {
    if (chosen.start >= chosen.ids.length || rejected.start >= rejected.ids.length) {
      throw new FileFormatException(
          file, "line " + (line + 1) + " has a completion without a token of its own");
    }
    return new Example(
        chosen.ids,
        new long[chosen.ids.length],
        rejected.ids,
        new double[] {chosen.start, rejected.start},
        line);
  }

  /** With the special tokens before a text, but none behind it. */
  private static long[] opened(Encoding encoding) {
    int last = encoding.ids().size();
    while (last > 0 && encoding.special().get(last - 1)) {
      last--;
    }
    return encoding.ids().stream().limit(last).mapToLong(id -> id).toArray();
  }

  /** Tokens of prompt and completion as they are read together; they may merge where they meet. */
  private Whole whole(long[] prompt, String text) {
    long[] ids = opened(tokenizer.encoding(text));
    int different = Arrays.mismatch(prompt, ids);
    int start = different < 0 ? ids.length : different;
    boolean ended = ids.length > start && end.isPresent() && ids[ids.length - 1] == end.getAsLong();
    if (end.isPresent() && !ended) {
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = end.getAsLong();
    }
    return new Whole(ids, start);
  }
}
