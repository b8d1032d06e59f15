package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.models.jinja.Token.Kind;
import org.jspecify.annotations.Nullable;

/** Reads expressions: operators, filters and tests, in Jinja's order of precedence. */
class ExpressionParser extends OperandParser {

  ExpressionParser(List<Token> tokens) {
    super(tokens);
  }

  /** Any expression: {@code a if b else c}. */
  @Override
  final Expression expression() {
    enter();
    Expression yes = or();
    while (acceptName("if")) {
      Expression value = yes;
      Expression condition = or();
      Expression no = acceptName("else") ? expression() : run -> Special.UNDEFINED;
      yes = run -> (Values.truth(condition.value(run)) ? value : no).value(run);
    }
    leave();
    return yes;
  }

  /** An expression that a following {@code if} is not part of. */
  final Expression or() {
    Expression left = and();
    while (acceptName("or")) {
      Expression first = left;
      Expression second = and();
      left =
          run -> {
            Object value = first.value(run);
            return Values.truth(value) ? value : second.value(run);
          };
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (acceptName("and")) {
      Expression first = left;
      Expression second = not();
      left =
          run -> {
            Object value = first.value(run);
            return Values.truth(value) ? second.value(run) : value;
          };
    }
    return left;
  }

  private Expression not() {
    if (acceptName("not")) {
      enter();
      Expression negated = not();
      leave();
      return run -> !Values.truth(negated.value(run));
    }
    return comparison();
  }

  /** Comparisons may be chained: {@code a < b < c}. */
  private Expression comparison() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    int line = peek().line();
    for (String operator = comparator(); operator != null; operator = comparator()) {
      operators.add(operator);
      others.add(sum());
    }
    if (operators.isEmpty()) {
      return first;
    }
    return at(
        line,
        run -> {
          Object left = first.value(run);
          for (int i = 0; i < operators.size(); i++) {
            Object right = others.get(i).value(run);
            if (!Arithmetic.compare(run, operators.get(i), left, right)) {
              return false;
            }
            left = right;
          }
          return true;
        });
  }

  private @Nullable String comparator() {
    for (String operator : List.of("==", "!=", "<=", ">=", "<", ">")) {
      if (accept(operator)) {
        return operator;
      }
    }
    if (acceptName("in")) {
      return "in";
    }
    if (seesName("not")) {
      next();
      if (!acceptName("in")) {
        throw wrong("'in'");
      }
      return "not in";
    }
    return null;
  }

  private Expression sum() {
    Expression left = concatenation();
    while (sees("+") || sees("-")) {
      left = binary(left, this::concatenation);
    }
    return left;
  }

  private Expression concatenation() {
    Expression left = product();
    while (sees("~")) {
      left = binary(left, this::product);
    }
    return left;
  }

  private Expression product() {
    Expression left = unary();
    while (sees("*") || sees("/") || sees("//") || sees("%")) {
      left = binary(left, this::unary);
    }
    return left;
  }

  private interface Operand {
    Expression parse();
  }

  private Expression binary(Expression left, Operand operand) {
    Token operator = next();
    Expression right = operand.parse();
    return at(
        operator.line(),
        run -> Arithmetic.apply(run, operator.text(), left.value(run), right.value(run)));
  }

  private Expression unary() {
    return filtered(power());
  }

  private Expression power() {
    int line = peek().line();
    if (sees("-") || sees("+")) {
      boolean minus = next().text().equals("-");
      enter();
      Expression operand = power();
      leave();
      return at(line, run -> Arithmetic.signed(minus, operand.value(run)));
    }
    Expression base = postfix(primary());
    if (accept("**")) {
      enter();
      Expression exponent = power();
      leave();
      return at(line, run -> Arithmetic.power(base.value(run), exponent.value(run)));
    }
    return base;
  }

  private Expression filtered(Expression start) {
    Expression value = start;
    while (true) {
      int line = peek().line();
      if (accept("|")) {
        value = filter(value, line);
      } else if (acceptName("is")) {
        value = test(value, line);
      } else {
        return value;
      }
    }
  }

  /** {@code value | name(arguments)}; also the head of a filter block. */
  final Expression filter(Expression value, int line) {
    String name = name();
    Filters.check(name, line);
    Arguments arguments = sees("(") ? arguments() : Arguments.NONE;
    return at(
        line,
        run ->
            Filters.apply(
                run, name, value.value(run), arguments.values(run), arguments.named(run)));
  }

  private Expression test(Expression value, int line) {
    boolean negated = acceptName("not");
    String name = name();
    Tests.check(name, line);
    List<Expression> arguments = new ArrayList<>();
    if (sees("(")) {
      arguments.addAll(arguments().positional());
    } else if (peek().kind() == Kind.STRING || peek().kind() == Kind.INTEGER) {
      arguments.add(primary());
    }
    return at(
        line,
        run -> {
          List<Object> values = arguments.stream().map(a -> a.value(run)).toList();
          return Tests.holds(run, name, value.value(run), values) != negated;
        });
  }
}
