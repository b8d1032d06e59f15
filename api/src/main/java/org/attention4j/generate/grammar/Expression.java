package org.attention4j.generate.grammar;

import java.util.List;
import org.attention4j.error.UsageException;

/** What texts are made of. Immutable values. */
public sealed interface Expression {

  /** One character of a set. */
  record Characters(CodePoints set) implements Expression {}

  /** One after the other; none is the empty text. */
  record Sequence(List<Expression> parts) implements Expression {
    public Sequence {
      parts = List.copyOf(parts);
    }
  }

  /** One of several; of none there is no text. */
  record Choice(List<Expression> options) implements Expression {
    public Choice {
      options = List.copyOf(options);
    }
  }

  /**
   * Several times the same.
   *
   * @param most {@link #UNBOUNDED} for no bound
   */
  record Repeat(Expression part, int least, int most) implements Expression {
    public Repeat {
      if (least < 0 || most < least) {
        throw new UsageException(
            "a repetition is from 0 to a number that is not smaller, not from "
                + least
                + " to "
                + most);
      }
    }
  }

  /** What a rule of the grammar stands for, which may be the one that this is a part of. */
  record Rule(String name) implements Expression {}

  /** No bound of a repetition. */
  int UNBOUNDED = Integer.MAX_VALUE;

  /** A text as it is. */
  static Expression text(String text) {
    return new Sequence(
        text.codePoints()
            .mapToObj(c -> (Expression) new Characters(CodePoints.range(c, c)))
            .toList());
  }

  static Expression sequence(Expression... parts) {
    return new Sequence(List.of(parts));
  }

  static Expression choice(Expression... options) {
    return new Choice(List.of(options));
  }

  static Expression optional(Expression part) {
    return new Repeat(part, 0, 1);
  }

  static Expression repeat(Expression part, int least, int most) {
    return new Repeat(part, least, most);
  }
}
