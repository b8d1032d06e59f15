package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.jinja.Token.Kind;
import org.jspecify.annotations.Nullable;

/** Reads expressions, in Jinja's order of precedence. */
class ExpressionParser extends Parser {

  ExpressionParser(List<Token> tokens) {
    super(tokens);
  }

  /** Adds the line to errors and pays for the value. */
  private static Expression at(int line, Expression expression) {
    return run -> {
      run.charge(1);
      try {
        return expression.value(run);
      } catch (TemplateException e) {
        throw e.at(line);
      }
    };
  }

  /** Any expression: {@code a if b else c}. */
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

  private Expression postfix(Expression start) {
    Expression value = start;
    while (true) {
      int line = peek().line();
      Expression of = value;
      if (accept(".")) {
        String name = peek().kind() == Kind.INTEGER ? next().text() : name();
        if (sees("(")) {
          Arguments arguments = arguments();
          value =
              at(
                  line,
                  run ->
                      Methods.call(
                          run, of.value(run), name, arguments.values(run), arguments.named(run)));
        } else {
          value = at(line, run -> Values.attribute(of.value(run), name));
        }
      } else if (accept("[")) {
        value = at(line, subscript(of));
      } else if (sees("(")) {
        Arguments arguments = arguments();
        value =
            at(
                line,
                run -> {
                  if (of.value(run) instanceof Function function) {
                    return function.call(arguments.values(run), arguments.named(run));
                  }
                  throw new TemplateException(
                      "calls " + Values.describe(of.value(run)) + ", which is no function");
                });
      } else {
        return value;
      }
    }
  }

  /** {@code [index]} or {@code [from:to:step]}. */
  private Expression subscript(Expression of) {
    List<Expression> parts = new ArrayList<>();
    boolean slice = false;
    while (!sees("]")) {
      parts.add(sees(":") ? run -> Special.NONE : expression());
      while (accept(":")) {
        slice = true;
        if (sees(":") || sees("]")) {
          parts.add(run -> Special.NONE);
        } else {
          parts.add(expression());
        }
      }
      if (parts.size() > 3 || (!slice && !sees("]"))) {
        throw wrong("']'");
      }
    }
    expect("]");
    if (parts.isEmpty()) {
      throw wrong("an index");
    }
    if (!slice) {
      return run -> Values.item(run, of.value(run), parts.get(0).value(run));
    }
    return run ->
        Values.slice(run, of.value(run), parts.stream().map(part -> part.value(run)).toList());
  }

  private Arguments arguments() {
    expect("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> byName = new LinkedHashMap<>();
    while (!accept(")")) {
      if (peek().kind() == Kind.NAME && following().is(Kind.OPERATOR, "=")) {
        String name = name();
        expect("=");
        byName.put(name, expression());
      } else {
        positional.add(expression());
      }
      if (!sees(")")) {
        expect(",");
      }
    }
    return new Arguments(positional, byName);
  }

  private Expression primary() {
    Token token = next();
    return switch (token.kind()) {
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (peek().kind() == Kind.STRING) {
          text.append(next().text()); // neighbours are one string
        }
        String whole = text.toString();
        yield run -> whole;
      }
      case INTEGER -> {
        long value = Long.parseLong(token.text());
        yield run -> value;
      }
      case DECIMAL -> {
        double value = Double.parseDouble(token.text());
        yield run -> value;
      }
      case NAME ->
          switch (token.text()) {
            case "true", "True" -> run -> true;
            case "false", "False" -> run -> false;
            case "none", "None" -> run -> Special.NONE;
            default -> at(token.line(), run -> run.get(token.text()));
          };
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> parenthesised();
            case "[" -> list("]");
            case "{" -> at(token.line(), map());
            default -> throw unexpected(token);
          };
      default -> throw unexpected(token);
    };
  }

  private static TemplateException unexpected(Token token) {
    return new TemplateException(token.line(), "expected a value, found '" + token.text() + "'");
  }

  private Expression parenthesised() {
    if (accept(")")) {
      return run -> List.of();
    }
    Expression first = expression();
    if (accept(")")) {
      return first;
    }
    expect(",");
    Expression rest = list(")");
    return run -> {
      List<Object> all = new ArrayList<>(List.of(first.value(run)));
      all.addAll((List<?>) rest.value(run));
      return all;
    };
  }

  private Expression list(String end) {
    List<Expression> elements = new ArrayList<>();
    while (!accept(end)) {
      elements.add(expression());
      if (!sees(end)) {
        expect(",");
      }
    }
    return run -> {
      run.charge(elements.size());
      return elements.stream().map(element -> element.value(run)).toList();
    };
  }

  private Expression map() {
    Map<Expression, Expression> entries = new LinkedHashMap<>();
    while (!accept("}")) {
      Expression key = expression();
      expect(":");
      entries.put(key, expression());
      if (!sees("}")) {
        expect(",");
      }
    }
    return run -> {
      Map<Object, Object> map = new LinkedHashMap<>();
      entries.forEach((key, value) -> map.put(Values.key(key.value(run)), value.value(run)));
      run.charge(map.size());
      return map;
    };
  }
}
