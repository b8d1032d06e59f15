package org.attention4j.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.attention4j.error.FileFormatException;

/**
 * Reads JSON (RFC 8259) from bytes, strictly, without building a tree: the caller says what it
 * expects next, so a hostile text is refused at the first byte that does not fit, and costs no more
 * memory than what is asked for.
 *
 * <p>Refused: duplicate names, invalid UTF-8, lone surrogates, unescaped control characters,
 * nesting deeper than {@value #MAX_DEPTH}, strings and numbers without measure, comments, trailing
 * commas, NaN. Every failure is a {@link FileFormatException} with the byte's offset. Not for use
 * by several threads.
 */
public final class JsonReader {
  static final int MAX_DEPTH = 64;
  static final int MAX_STRING_BYTES = 16 << 20;
  static final int MAX_NUMBER_BYTES = 1000;

  private final Path file;
  private final long base; // offset of bytes[0] in the file
  private final ByteBuffer bytes;
  private final int end;
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
  private int at;
  private int depth;

  /**
   * Starts at the buffer's position and ends at its limit.
   *
   * @param file what errors name
   * @param base the offset in the file of the buffer's index 0
   */
  public JsonReader(Path file, long base, ByteBuffer bytes) {
    this.file = file;
    this.base = base;
    this.bytes = bytes;
    this.at = bytes.position();
    this.end = bytes.limit();
  }

  /** What comes next, told by its first character. */
  public enum Kind {
    OBJECT,
    ARRAY,
    STRING,
    NUMBER,
    TRUE,
    FALSE,
    NULL
  }

  /** Looks at the next value without reading it. */
  public Kind peek() {
    skipSpace();
    int c = current();
    return switch (c) {
      case '{' -> Kind.OBJECT;
      case '[' -> Kind.ARRAY;
      case '"' -> Kind.STRING;
      case 't' -> Kind.TRUE;
      case 'f' -> Kind.FALSE;
      case 'n' -> Kind.NULL;
      default -> {
        if (c == '-' || isDigit(c)) {
          yield Kind.NUMBER;
        }
        throw expected("a value");
      }
    };
  }

  /** Reads an object; {@code field} is given each name and must read its value. */
  public void object(Consumer<String> field) {
    enter('{', "an object");
    Set<String> names = new HashSet<>();
    if (!closes('}')) {
      do {
        skipSpace();
        int start = at;
        String name = string();
        if (!names.add(name)) {
          throw failure(start, "the name '" + shortened(name) + "' comes twice in one object");
        }
        skipSpace();
        take(':', "':'");
        field.accept(name);
      } while (continues('}'));
    }
    depth--;
  }

  /** Reads an array; {@code element} is called before each element and must read it. */
  public void array(Runnable element) {
    enter('[', "an array");
    if (!closes(']')) {
      do {
        element.run();
      } while (continues(']'));
    }
    depth--;
  }

  private void enter(char open, String what) {
    skipSpace();
    take(open, what);
    if (++depth > MAX_DEPTH) {
      throw failure(at - 1, "nested deeper than " + MAX_DEPTH + " levels");
    }
  }

  private boolean closes(char close) {
    skipSpace();
    if (current() != close) {
      return false;
    }
    at++;
    return true;
  }

  private boolean continues(char close) {
    if (closes(close)) {
      return false;
    }
    take(',', "',' or '" + close + "'");
    return true;
  }

  /** Reads a string. */
  public String string() {
    skipSpace();
    take('"', "a string");
    int start = at;
    int c = current();
    while (c != '"' && c != '\\') {
      at = textByte(c);
      c = current();
    }
    if (c == '"') {
      return decode(start, at++);
    }
    StringBuilder text = new StringBuilder(decode(start, at));
    for (; c != '"'; c = current()) {
      if (c == '\\') {
        at++;
        escape(text);
      } else {
        int run = at;
        for (; c != '"' && c != '\\'; c = current()) {
          at = textByte(c);
        }
        text.append(decode(run, at));
      }
    }
    at++;
    requirePairs(text, start);
    return text.toString();
  }

  private int textByte(int c) {
    if (c < 0x20) {
      throw c < 0
          ? failure(at, "the text ends inside a string")
          : failure(at, "a control character inside a string must be escaped");
    }
    return at + 1;
  }

  private void escape(StringBuilder text) {
    int c = current();
    at++;
    switch (c) {
      case '"', '\\', '/' -> text.append((char) c);
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case 'n' -> text.append('\n');
      case 'r' -> text.append('\r');
      case 't' -> text.append('\t');
      case 'u' -> {
        int unit = 0;
        for (int i = 0; i < 4; i++) {
          int digit = Character.digit(current(), 16);
          if (digit < 0) {
            throw expected("four hexadecimal digits");
          }
          unit = unit << 4 | digit;
          at++;
        }
        text.append((char) unit);
      }
      default -> throw failure(at - 1, "no such escape in a string");
    }
  }

  private String decode(int from, int to) {
    if (to - from > MAX_STRING_BYTES) {
      throw failure(from, "a string of more than " + MAX_STRING_BYTES + " bytes");
    }
    try {
      return utf8.decode(bytes.duplicate().limit(to).position(from)).toString();
    } catch (CharacterCodingException e) {
      throw failure(from, "a string that is not valid UTF-8");
    }
  }

  private void requirePairs(CharSequence text, int start) {
    if (!text.codePoints().allMatch(c -> c < 0xd800 || c > 0xdfff)) {
      throw failure(start, "a string with half a surrogate pair");
    }
  }

  /** Reads a whole number that fits a long; a fraction or an exponent is refused. */
  public long integer() {
    skipSpace();
    int start = at;
    String text = number();
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw failure(start, "expected an integer of 64 bits; got " + shortened(text));
    }
  }

  /** Reads a number, as it is written. */
  public String number() {
    skipSpace();
    int start = at;
    if (current() == '-') {
      at++;
    }
    if (current() == '0') {
      at++;
    } else {
      digits();
    }
    if (current() == '.') {
      at++;
      digits();
    }
    if (current() == 'e' || current() == 'E') {
      at++;
      if (current() == '+' || current() == '-') {
        at++;
      }
      digits();
    }
    if (at - start > MAX_NUMBER_BYTES) {
      throw failure(start, "a number of more than " + MAX_NUMBER_BYTES + " characters");
    }
    return decode(start, at);
  }

  private void digits() {
    if (!isDigit(current())) {
      throw expected("a digit");
    }
    while (isDigit(current())) {
      at++;
    }
  }

  /** Reads {@code true} or {@code false}. */
  public boolean bool() {
    boolean value = peek() == Kind.TRUE;
    word(value ? "true" : "false");
    return value;
  }

  /** Reads {@code null}. */
  public void nothing() {
    skipSpace();
    word("null");
  }

  private void word(String word) {
    for (int i = 0; i < word.length(); i++) {
      take(word.charAt(i), "'" + word + "'");
    }
  }

  /** Reads a value of any kind and forgets it. */
  public void skip() {
    switch (peek()) {
      case OBJECT -> object(name -> skip());
      case ARRAY -> array(this::skip);
      case STRING -> string();
      case NUMBER -> number();
      case TRUE, FALSE -> bool();
      case NULL -> nothing();
    }
  }

  /** Checks that nothing but white space is left. */
  public void end() {
    skipSpace();
    if (at < end) {
      throw failure(at, "more text after the end of the JSON value");
    }
  }

  /** A failure at the place reached, for what the caller finds wrong. */
  public FileFormatException failure(String problem) {
    return failure(at, problem);
  }

  private FileFormatException failure(int where, String problem) {
    return new FileFormatException(file, base + where, problem);
  }

  private FileFormatException expected(String what) {
    int c = current();
    String got =
        c < 0 ? "the end" : c > 0x20 && c < 0x7f ? "'" + (char) c + "'" : "byte " + (c & 0xff);
    return failure(at, "expected " + what + "; got " + got);
  }

  private void take(char wanted, String what) {
    if (current() != wanted) {
      throw expected(what);
    }
    at++;
  }

  /** The byte reached, 0 to 255, or -1 at the end. */
  private int current() {
    return at < end ? bytes.get(at) & 0xff : -1;
  }

  private void skipSpace() {
    for (int c = current(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = current()) {
      at++;
    }
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static String shortened(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }
}
