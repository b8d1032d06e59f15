package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.data.Example;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.models.token.PairEncoding;

/**
 * Sentences with labels as examples: a word's label goes to the first of its tokens; the others,
 * and special ones, do not count (Devlin et al. 2019, section 5.3).
 *
 * @param longest tokens of a sentence at most; the last ones are left out
 */
record TokenExamples(Path file, JsonTokenizer tokenizer, int longest) {
  private static final int IGNORED = -100;

  /**
   * The examples in the order of the sentences.
   *
   * @param ids numbers of the labels
   * @throws FileFormatException that names the line of a sentence without a token
   */
  List<Example> of(List<TaggedSentence> sentences, ToDoubleFunction<String> ids) {
    return sentences.stream().map(sentence -> example(sentence, ids)).toList();
  }

  private Example example(TaggedSentence sentence, ToDoubleFunction<String> ids) {
    PairEncoding whole = tokenizer.words(sentence.words());
    PairEncoding tokens = whole.pick(kept(whole));
    int size = tokens.words().size();
    double[] labels = new double[size];
    boolean any = false;
    for (int i = 0; i < size; i++) {
      int word = tokens.words().get(i);
      boolean added = tokens.texts().get(i) < 0;
      boolean first = !added && (i == 0 || tokens.words().get(i - 1) != word);
      labels[i] = first ? ids.applyAsDouble(sentence.labels().get(word)) : IGNORED;
      any |= first;
    }
    if (!any) {
      throw new FileFormatException(
          file, "line " + (sentence.line() + 1) + " begins a sentence without a token");
    }
    return new Example(
        tokens.tokens().ids().stream().mapToLong(id -> id).toArray(),
        tokens.tokens().typeIds().stream().mapToLong(id -> id).toArray(),
        new long[0],
        labels,
        sentence.line());
  }

  /** Places of the tokens that there is room for; special ones stay. */
  private List<Integer> kept(PairEncoding whole) {
    int room = longest - (int) whole.texts().stream().filter(text -> text < 0).count();
    List<Integer> kept = new ArrayList<>();
    for (int i = 0; i < whole.texts().size(); i++) {
      if (whole.texts().get(i) < 0 || room-- > 0) {
        kept.add(i);
      }
    }
    return kept;
  }
}
