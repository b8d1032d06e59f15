package org.attention4j.models.jinja;

import java.util.List;
import java.util.Locale;
import org.attention4j.models.jinja.Token.Kind;

/** Reads tokens one by one. */
class Parser {
  private static final int MAX_NESTING = 200;

  private final List<Token> tokens;
  private int at;
  private int nesting;

  Parser(List<Token> tokens) {
    this.tokens = tokens;
  }

  final Token peek() {
    return tokens.get(at);
  }

  final Token next() {
    Token token = tokens.get(at);
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  final Token following() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  final boolean sees(String operator) {
    return peek().is(Kind.OPERATOR, operator);
  }

  final boolean seesName(String name) {
    return peek().is(Kind.NAME, name);
  }

  final boolean accept(String operator) {
    boolean found = sees(operator);
    if (found) {
      next();
    }
    return found;
  }

  final boolean acceptName(String name) {
    boolean found = seesName(name);
    if (found) {
      next();
    }
    return found;
  }

  final void expect(String operator) {
    if (!accept(operator)) {
      throw wrong("'" + operator + "'");
    }
  }

  final String name() {
    if (peek().kind() != Kind.NAME) {
      throw wrong("a name");
    }
    return next().text();
  }

  final void end(Kind kind) {
    if (peek().kind() != kind) {
      throw wrong("the end of the tag");
    }
    next();
  }

  final TemplateException wrong(String wanted) {
    Token token = peek();
    String found =
        token.kind() == Kind.END || token.text().isEmpty()
            ? token.kind().name().replace('_', ' ').toLowerCase(Locale.ROOT)
            : "'" + token.text() + "'";
    return new TemplateException(token.line(), "expected " + wanted + ", found " + found);
  }

  /** Bounds recursion: what nests deeper would overflow the stack. */
  final void enter() {
    if (++nesting > MAX_NESTING) {
      throw new TemplateException(peek().line(), "nests deeper than " + MAX_NESTING);
    }
  }

  final void leave() {
    nesting--;
  }
}
