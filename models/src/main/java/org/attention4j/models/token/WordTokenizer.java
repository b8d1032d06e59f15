package org.attention4j.models.token;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.error.Count;

/**
 * One token for each word, punctuation mark or line break. Decoding puts one space between words;
 * other spacing is not kept.
 */
public final class WordTokenizer implements Tokenizer {
  static final String KIND = "words";
  private static final Pattern PIECE =
      Pattern.compile("\\n|[\\p{L}\\p{M}\\p{N}]+(?:['’-][\\p{L}\\p{M}\\p{N}]+)*|[^\\s]");
  private static final String OPENING = "¿¡([{«";
  private static final Pattern CLOSING = Pattern.compile("[.,;:!?)\\]}»\\n]");

  private final Vocabulary vocabulary;

  WordTokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** The words of a text, sorted. */
  public static WordTokenizer of(String text, boolean withSpecials) {
    return new WordTokenizer(Vocabulary.of(KIND, withSpecials, pieces(text)));
  }

  private static List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    Matcher matcher = PIECE.matcher(text);
    while (matcher.find()) {
      pieces.add(matcher.group());
    }
    return pieces;
  }

  @Override
  public int size() {
    return vocabulary.tokens().size();
  }

  @Override
  public long[] encode(String text) {
    return pieces(text).stream().mapToLong(vocabulary::id).toArray();
  }

  @Override
  public String decode(long... ids) {
    StringBuilder text = new StringBuilder();
    for (long id : ids) {
      String piece = vocabulary.text(id);
      if (!text.isEmpty() && !piece.isEmpty() && spaced(text, piece)) {
        text.append(' ');
      }
      text.append(piece);
    }
    return text.toString();
  }

  private static boolean spaced(StringBuilder before, String piece) {
    char last = before.charAt(before.length() - 1);
    return last != '\n' && OPENING.indexOf(last) < 0 && !CLOSING.matcher(piece).matches();
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
    return Count.of(size(), "word");
  }

  @Override
  public Path save(Path directory) {
    return vocabulary.save(directory);
  }
}
