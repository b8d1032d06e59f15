package org.attention4j.generate.grammar;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.generate.grammar.Expression.Characters;
import org.attention4j.generate.grammar.Expression.Choice;
import org.attention4j.generate.grammar.Expression.Repeat;
import org.attention4j.generate.grammar.Expression.Sequence;

/**
 * Reads regular expressions: characters, classes ({@code [a-z]}, {@code \d \w \s} for ASCII, {@code
 * \p{L}} and the other general categories), {@code .} for all but line ends, groups, choices and
 * repetitions, which may be marked as lazy. {@code ^} and {@code $} may stand at the ends of the
 * whole or of its choices. What looks around or back ({@code (?=...)}, {@code \1}, {@code \b}) is
 * no regular language and an error.
 */
public final class RegularExpression {
  private static final int DEEPEST = 200;
  private static final int MOST_TIMES = 100_000;
  private static final Expression ANYTHING =
      new Repeat(new Characters(CodePoints.all()), 0, Expression.UNBOUNDED);

  private final ClassReader in;
  private final boolean within;
  private int depth;

  private RegularExpression(String pattern, boolean within) {
    this.in = new ClassReader(pattern);
    this.within = within;
  }

  /**
   * The texts that a pattern matches from beginning to end.
   *
   * @throws UsageException that names the part and its place
   */
  public static Expression whole(String pattern) {
    return new RegularExpression(pattern, false).read();
  }

  /**
   * The texts in which a pattern matches somewhere, as JSON Schema means it.
   *
   * @throws UsageException that names the part and its place
   */
  public static Expression within(String pattern) {
    return new RegularExpression(pattern, true).read();
  }

  private Expression read() {
    Expression all = choice();
    if (!in.atEnd()) {
      throw in.refused("')' without '('");
    }
    return all;
  }

  private Expression choice() {
    if (++depth > DEEPEST) {
      throw in.refused("groups nest deeper than " + DEEPEST);
    }
    List<Expression> options = new ArrayList<>();
    do {
      options.add(sequence());
    } while (in.take('|'));
    depth--;
    return options.size() == 1 ? options.get(0) : new Choice(options);
  }

  private Expression sequence() {
    List<Expression> parts = new ArrayList<>();
    boolean outer = depth == 1;
    boolean begins = outer && in.take('^');
    if (outer && within && !begins) {
      parts.add(ANYTHING);
    }
    boolean ends = false;
    while (!in.atEnd() && in.peek() != '|' && in.peek() != ')') {
      if (outer && in.peek() == '$' && in.isLastOfChoice()) {
        ends = in.take('$');
      } else {
        parts.add(repeated(atom()));
      }
    }
    if (outer && within && !ends) {
      parts.add(ANYTHING);
    }
    return parts.size() == 1 ? parts.get(0) : new Sequence(parts);
  }

  private Expression repeated(Expression part) {
    Expression whole = part;
    int times = 0;
    while (!in.atEnd()) {
      int least;
      int most = Expression.UNBOUNDED;
      if (in.take('*')) {
        least = 0;
      } else if (in.take('+')) {
        least = 1;
      } else if (in.take('?')) {
        least = 0;
        most = 1;
      } else if (in.peek() == '{') {
        in.take('{');
        least = in.number(MOST_TIMES);
        most = least;
        if (in.take(',')) {
          most = in.peek() == '}' ? Expression.UNBOUNDED : in.number(MOST_TIMES);
        }
        in.expect('}');
        if (most < least) {
          throw in.refused("a repetition from " + least + " to " + most);
        }
      } else {
        break;
      }
      if (times++ > 0) {
        throw in.refused("a repetition of a repetition; put the first into a group");
      }
      in.take('?'); // lazy: of another order, but the same texts
      if (!in.atEnd() && in.peek() == '+') {
        throw in.refused("a possessive repetition");
      }
      whole = new Repeat(whole, least, most);
    }
    return whole;
  }

  private Expression atom() {
    int c = in.peek();
    switch (c) {
      case '(' -> {
        in.take('(');
        if (in.take('?')) {
          group();
        }
        Expression inner = choice();
        in.expect(')');
        return inner;
      }
      case '^', '$' -> throw in.refused("'" + (char) c + "' inside of the expression");
      case '*', '+', '?', '{' -> throw in.refused("a repetition of nothing");
      default -> {
        return new Characters(in.one());
      }
    }
  }

  /** What follows {@code (?}. */
  private void group() {
    if (in.take(':')) {
      return;
    }
    in.take('P'); // as Python writes a name
    if (in.take('<') && !in.atEnd() && Character.isLetter(in.peek())) {
      while (!in.take('>')) {
        in.next();
      }
      return;
    }
    throw in.refused("a group that looks around, or a flag");
  }
}
