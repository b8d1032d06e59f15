package org.attention4j.models.jinja;

import org.attention4j.error.AttentionException;

/** A template that cannot be read, or refuses its values, or wants too much. */
public final class TemplateException extends AttentionException {
  private static final long serialVersionUID = 1L;

  private final boolean placed;

  TemplateException(int line, String message) {
    super("line " + line + " of the template: " + message);
    this.placed = true;
  }

  TemplateException(String message) {
    super(message);
    this.placed = false;
  }

  /** The same with the place where the template came from. */
  public TemplateException in(String source) {
    TemplateException named = new TemplateException(source + ": " + getMessage());
    named.initCause(this);
    return named;
  }

  /** The same with a line, if it has none yet. */
  TemplateException at(int line) {
    return placed ? this : new TemplateException(line, String.valueOf(getMessage()));
  }
}
