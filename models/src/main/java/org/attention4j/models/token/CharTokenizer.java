package org.attention4j.models.token;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.attention4j.error.Count;

/** One token for each Unicode character (code point), as in nanoGPT's Shakespeare example. */
public final class CharTokenizer implements Tokenizer {
  static final String KIND = "characters";

  private final Vocabulary vocabulary;

  CharTokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** The characters of a text, sorted. */
  public static CharTokenizer of(String text, boolean withSpecials) {
    return new CharTokenizer(Vocabulary.of(KIND, withSpecials, characters(text)));
  }

  private static List<String> characters(String text) {
    return text.codePoints().distinct().mapToObj(Character::toString).toList();
  }

  @Override
  public int size() {
    return vocabulary.tokens().size();
  }

  @Override
  public long[] encode(String text) {
    return text.codePoints().mapToLong(c -> vocabulary.id(Character.toString(c))).toArray();
  }

  @Override
  public String decode(long... ids) {
    StringBuilder text = new StringBuilder();
    for (long id : ids) {
      text.append(vocabulary.text(id));
    }
    return text.toString();
  }

  @Override
  public String label(long id) {
    return vocabulary.label(id);
  }

  @Override
  public OptionalLong special(String name) {
    return vocabulary.special(name);
  }

  @Override
  public String description() {
    return Count.of(size(), "character");
  }

  @Override
  public Path save(Path directory) {
    return vocabulary.save(directory);
  }
}
