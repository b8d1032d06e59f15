package org.attention4j.generate.grammar;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.attention4j.error.UsageException;

/** Reads a regular expression's characters, escapes and classes from left to right. */
final class ClassReader {
  private static final CodePoints DIGITS = CodePoints.range('0', '9');
  private static final CodePoints WORDS =
      DIGITS.or(CodePoints.range('a', 'z')).or(CodePoints.range('A', 'Z')).or(CodePoints.of("_"));
  private static final CodePoints SPACES = CodePoints.of(" \t\n\r\f\u000b");
  private static final CodePoints LINE_ENDS = CodePoints.of("\n\r\u0085\u2028\u2029");

  /** Letters of general categories, in the order of Java's numbers for them. */
  private static final Map<String, Integer> CATEGORIES =
      Map.ofEntries(
          Map.entry("Lu", (int) Character.UPPERCASE_LETTER),
          Map.entry("Ll", (int) Character.LOWERCASE_LETTER),
          Map.entry("Lt", (int) Character.TITLECASE_LETTER),
          Map.entry("Lm", (int) Character.MODIFIER_LETTER),
          Map.entry("Lo", (int) Character.OTHER_LETTER),
          Map.entry("Mn", (int) Character.NON_SPACING_MARK),
          Map.entry("Me", (int) Character.ENCLOSING_MARK),
          Map.entry("Mc", (int) Character.COMBINING_SPACING_MARK),
          Map.entry("Nd", (int) Character.DECIMAL_DIGIT_NUMBER),
          Map.entry("Nl", (int) Character.LETTER_NUMBER),
          Map.entry("No", (int) Character.OTHER_NUMBER),
          Map.entry("Zs", (int) Character.SPACE_SEPARATOR),
          Map.entry("Zl", (int) Character.LINE_SEPARATOR),
          Map.entry("Zp", (int) Character.PARAGRAPH_SEPARATOR),
          Map.entry("Cc", (int) Character.CONTROL),
          Map.entry("Cf", (int) Character.FORMAT),
          Map.entry("Pd", (int) Character.DASH_PUNCTUATION),
          Map.entry("Ps", (int) Character.START_PUNCTUATION),
          Map.entry("Pe", (int) Character.END_PUNCTUATION),
          Map.entry("Pc", (int) Character.CONNECTOR_PUNCTUATION),
          Map.entry("Po", (int) Character.OTHER_PUNCTUATION),
          Map.entry("Pi", (int) Character.INITIAL_QUOTE_PUNCTUATION),
          Map.entry("Pf", (int) Character.FINAL_QUOTE_PUNCTUATION),
          Map.entry("Sm", (int) Character.MATH_SYMBOL),
          Map.entry("Sc", (int) Character.CURRENCY_SYMBOL),
          Map.entry("Sk", (int) Character.MODIFIER_SYMBOL),
          Map.entry("So", (int) Character.OTHER_SYMBOL));

  private final String pattern;
  private final int[] characters;
  private int at;

  ClassReader(String pattern) {
    this.pattern = pattern;
    this.characters = pattern.codePoints().toArray();
  }

  UsageException refused(String what) {
    return new UsageException(
        "the regular expression '"
            + pattern
            + "' has at character "
            + (at + 1)
            + " what is not supported: "
            + what);
  }

  boolean atEnd() {
    return at == characters.length;
  }

  int peek() {
    if (atEnd()) {
      throw refused("an end where it is not finished");
    }
    return characters[at];
  }

  int next() {
    int c = peek();
    at++;
    return c;
  }

  boolean take(char wanted) {
    if (!atEnd() && characters[at] == wanted) {
      at++;
      return true;
    }
    return false;
  }

  void expect(char wanted) {
    if (!take(wanted)) {
      throw refused("no '" + wanted + "' here");
    }
  }

  /** Whether nothing of this choice follows the next character. */
  boolean isLastOfChoice() {
    return at + 1 == characters.length || characters[at + 1] == '|';
  }

  int number(int most) {
    long value = 0;
    int digits = 0;
    while (!atEnd() && peek() >= '0' && peek() <= '9') {
      value = Math.min(Integer.MAX_VALUE, value * 10 + next() - '0');
      digits++;
    }
    if (digits == 0 || value > most) {
      throw refused("a number of repetitions that is missing or above " + most);
    }
    return (int) value;
  }

  /** One character, an escape, a class, or the dot. */
  CodePoints one() {
    int c = next();
    return switch (c) {
      case '.' -> LINE_ENDS.complement();
      case '[' -> set();
      case '\\' -> escape();
      default -> CodePoints.range(c, c);
    };
  }

  private CodePoints set() {
    boolean negated = take('^');
    CodePoints all = new CodePoints(List.of());
    boolean first = true;
    while (first || peek() != ']') {
      if (peek() == '[') {
        throw refused("'[' inside of a class; write \\[");
      }
      CodePoints low = peek() == '\\' ? one() : literal();
      first = false;
      if (peek() == '-' && at + 1 < characters.length && characters[at + 1] != ']') {
        at++;
        CodePoints high = peek() == '\\' ? one() : literal();
        low = CodePoints.range(single(low), single(high));
        if (low.isEmpty()) {
          throw refused("a range whose last character comes before its first");
        }
      }
      all = all.or(low);
    }
    expect(']');
    return negated ? all.complement() : all;
  }

  private CodePoints literal() {
    int c = next();
    return CodePoints.range(c, c);
  }

  private int single(CodePoints set) {
    if (set.ranges().size() != 1 || set.ranges().get(0).first() != set.ranges().get(0).last()) {
      throw refused("a class as the end of a range");
    }
    return set.ranges().get(0).first();
  }

  /** What follows a backslash. */
  private CodePoints escape() {
    int c = next();
    return switch (c) {
      case 'd' -> DIGITS;
      case 'D' -> DIGITS.complement();
      case 'w' -> WORDS;
      case 'W' -> WORDS.complement();
      case 's' -> SPACES;
      case 'S' -> SPACES.complement();
      case 'n' -> CodePoints.of("\n");
      case 'r' -> CodePoints.of("\r");
      case 't' -> CodePoints.of("\t");
      case 'f' -> CodePoints.of("\f");
      case 'v' -> CodePoints.of("\u000b");
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'p' -> category();
      case 'P' -> category().complement();
      default -> {
        if (Character.isLetterOrDigit(c)) {
          at--;
          throw refused("the escape \\" + Character.toString(c));
        }
        yield CodePoints.range(c, c);
      }
    };
  }

  private CodePoints hex(int digits) {
    int value = 0;
    boolean braced = digits == 4 && take('{');
    for (int i = 0; braced ? !take('}') : i < digits; i++) {
      int digit = Character.digit(next(), 16);
      if (digit < 0 || i > 5) {
        throw refused("a number that is not " + digits + " hexadecimal digits");
      }
      value = value * 16 + digit;
    }
    CodePoints one = CodePoints.range(value, value);
    if (one.isEmpty()) {
      throw refused("half of a surrogate pair, or no character");
    }
    return one;
  }

  private CodePoints category() {
    expect('{');
    StringBuilder name = new StringBuilder();
    while (!take('}')) {
      name.appendCodePoint(next());
    }
    String wanted = name.toString();
    long mask = 0;
    for (Map.Entry<String, Integer> category : CATEGORIES.entrySet()) {
      if (!wanted.isEmpty() && category.getKey().startsWith(wanted)) {
        mask |= 1L << category.getValue();
      }
    }
    if (mask == 0) {
      throw refused(
          String.format(
              Locale.ROOT, "the category '%s'; known are those such as L and Lu", wanted));
    }
    long kinds = mask;
    return CodePoints.where(c -> (kinds >> Character.getType(c) & 1) != 0);
  }
}
