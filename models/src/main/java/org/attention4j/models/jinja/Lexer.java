package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.models.jinja.Token.Kind;

/**
 * Cuts a template into tokens. As chat templates expect it, a line break after a block tag goes,
 * and blanks before a block tag that begins a line, too.
 */
final class Lexer {
  private static final List<String> OPERATORS =
      List.of(
          "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ",",
          ":", "|", "(", ")", "[", "]", "{", "}");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String template) {
    String source = template.replace("\r\n", "\n");
    if (source.endsWith("\n")) {
      source = source.substring(0, source.length() - 1); // as Jinja does without being told
    }
    Lexer lexer = new Lexer(source);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    boolean stripNext = false;
    boolean trimNext = false;
    while (at < source.length()) {
      int tag = nextTag(at);
      String text = source.substring(at, tag);
      int before = line;
      boolean minus = tag + 2 < source.length() && source.charAt(tag + 2) == '-';
      boolean plus = tag + 2 < source.length() && source.charAt(tag + 2) == '+';
      boolean block = tag < source.length() && source.charAt(tag + 1) != '{';
      String kept = text;
      if (minus) {
        kept = kept.stripTrailing();
      } else if (block && !plus && beginsLine(tag)) {
        kept = withoutIndent(kept);
      }
      if (stripNext) {
        kept = kept.stripLeading();
      } else if (trimNext && kept.startsWith("\n")) {
        kept = kept.substring(1);
      }
      if (!kept.isEmpty()) {
        tokens.add(new Token(Kind.TEXT, kept, before));
      }
      line += (int) text.chars().filter(c -> c == '\n').count();
      at = tag;
      stripNext = false;
      trimNext = false;
      if (at >= source.length()) {
        break;
      }
      char kind = source.charAt(at + 1);
      int opened = line;
      at += minus || plus ? 3 : 2;
      if (kind == '#') {
        comment(opened);
      } else {
        expression(kind == '{', opened);
      }
      int close = at - 3; // the sign before the end of the tag, if there is one
      stripNext = source.charAt(close) == '-';
      trimNext = kind != '{' && source.charAt(close) != '+';
    }
    tokens.add(new Token(Kind.END, "", line));
  }

  private int nextTag(int from) {
    for (int i = from; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return source.length();
  }

  private boolean beginsLine(int tag) {
    int start = tag;
    while (start > 0 && isBlank(source.charAt(start - 1))) {
      start--;
    }
    return start == 0 || source.charAt(start - 1) == '\n';
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  private static String withoutIndent(String text) {
    int end = text.length();
    while (end > 0 && isBlank(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  private void comment(int opened) {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw new TemplateException(opened, "a comment has no end");
    }
    line += (int) source.substring(at, end).chars().filter(c -> c == '\n').count();
    at = end + 2;
  }

  private void expression(boolean prints, int opened) {
    String end = prints ? "}}" : "%}";
    int depth = 0;
    tokens.add(new Token(prints ? Kind.PRINT_BEGIN : Kind.BLOCK_BEGIN, "", line));
    while (true) {
      skipBlanks();
      if (at >= source.length()) {
        throw new TemplateException(opened, "a tag has no end " + end);
      }
      boolean signed =
          source.startsWith(end, at + 1) && (source.charAt(at) == '-' || source.charAt(at) == '+');
      if (depth == 0 && (source.startsWith(end, at) || signed)) {
        at += signed ? 3 : 2;
        tokens.add(new Token(prints ? Kind.PRINT_END : Kind.BLOCK_END, "", line));
        return;
      }
      Token token = next();
      if (token.kind() == Kind.OPERATOR) {
        depth += "{[(".contains(token.text()) ? 1 : "}])".contains(token.text()) ? -1 : 0;
      }
      tokens.add(token);
    }
  }

  private void skipBlanks() {
    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
      line += source.charAt(at) == '\n' ? 1 : 0;
      at++;
    }
  }

  private Token next() {
    char c = source.charAt(at);
    if (c == '\'' || c == '"') {
      return string(c);
    }
    int begin = at;
    if (Character.isLetter(c) || c == '_') {
      while (at < source.length()
          && (Character.isLetterOrDigit(source.charAt(at)) || source.charAt(at) == '_')) {
        at++;
      }
      return new Token(Kind.NAME, source.substring(begin, at), line);
    }
    if (Character.isDigit(c)) {
      digits();
      boolean decimal =
          at + 1 < source.length()
              && source.charAt(at) == '.'
              && Character.isDigit(source.charAt(at + 1));
      if (decimal) {
        at++;
        digits();
      }
      String text = source.substring(begin, at);
      if (text.length() > 18) {
        throw new TemplateException(line, "the number " + text + " is too long");
      }
      return new Token(decimal ? Kind.DECIMAL : Kind.INTEGER, text, line);
    }
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        at += operator.length();
        return new Token(Kind.OPERATOR, operator, line);
      }
    }
    throw new TemplateException(line, "the character '" + c + "' has no meaning in a tag");
  }

  private void digits() {
    while (at < source.length() && Character.isDigit(source.charAt(at))) {
      at++;
    }
  }

  private Token string(char quote) {
    final int opened = line;
    StringBuilder text = new StringBuilder();
    at++;
    while (at < source.length() && source.charAt(at) != quote) {
      char c = source.charAt(at);
      line += c == '\n' ? 1 : 0;
      at++;
      if (c == '\\' && at < source.length()) {
        escape(text);
      } else {
        text.append(c);
      }
    }
    if (at >= source.length()) {
      throw new TemplateException(opened, "a string has no end");
    }
    at++;
    return new Token(Kind.STRING, text.toString(), opened);
  }

  private void escape(StringBuilder text) {
    char c = source.charAt(at);
    at++;
    switch (c) {
      case 'n' -> text.append('\n');
      case 't' -> text.append('\t');
      case 'r' -> text.append('\r');
      case '\\', '\'', '"' -> text.append(c);
      case 'u' -> {
        try {
          text.append((char) Integer.parseInt(source.substring(at, at + 4), 16));
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
          throw new TemplateException(line, "\\u needs four hexadecimal digits");
        }
        at += 4;
      }
      default -> text.append('\\').append(c);
    }
  }
}
