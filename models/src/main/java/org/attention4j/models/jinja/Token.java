package org.attention4j.models.jinja;

/**
 * A piece of a template.
 *
 * @param text of names, operators and numbers; the contents of strings and of text between tags
 */
record Token(Kind kind, String text, int line) {

  /** What a token is. */
  enum Kind {
    TEXT,
    PRINT_BEGIN,
    PRINT_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    DECIMAL,
    OPERATOR,
    END
  }

  boolean is(Kind wanted, String wantedText) {
    return kind == wanted && text.equals(wantedText);
  }
}
