package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.jinja.Token.Kind;

/** Reads what operators stand between: literals, names, calls, subscripts. */
abstract class OperandParser extends Parser {

  OperandParser(List<Token> tokens) {
    super(tokens);
  }

  /** Any expression. */
  abstract Expression expression();

  /** Adds the line to errors and pays for the value. */
  static Expression at(int line, Expression expression) {
    return run -> {
      run.charge(1);
      try {
        return expression.value(run);
      } catch (TemplateException e) {
        throw e.at(line);
      }
    };
  }

  /** An operand and what follows it at once: attributes, subscripts, calls. */
  final Expression postfix(Expression start) {
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

  /** {@code (a, b, name=c)}. */
  final Arguments arguments() {
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

  /** A literal, a name, or something in brackets. */
  final Expression primary() {
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
