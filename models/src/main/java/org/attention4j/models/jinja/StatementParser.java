package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.attention4j.models.jinja.Token.Kind;
import org.jspecify.annotations.Nullable;

/** Reads the tags of a template: if, for, set, macro, filter, break, continue, generation. */
final class StatementParser extends ExpressionParser {
  private static final Statement NOTHING = run -> {};

  /** Leaves the innermost loop, or its round. */
  private static final class Leap extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final boolean leavesLoop;

    Leap(boolean leavesLoop) {
      super(null, null, false, false);
      this.leavesLoop = leavesLoop;
    }
  }

  private int loops;

  StatementParser(List<Token> tokens) {
    super(tokens);
  }

  Statement template() {
    Statement all = until(Set.of());
    if (peek().kind() != Kind.END) {
      throw wrong("the end of the template");
    }
    return all;
  }

  /** Statements up to a tag of one of these names, whose name comes next. */
  private Statement until(Set<String> ends) {
    enter();
    List<Statement> statements = new ArrayList<>();
    while (true) {
      Token token = peek();
      switch (token.kind()) {
        case TEXT -> {
          next();
          statements.add(run -> run.write(token.text()));
        }
        case PRINT_BEGIN -> {
          next();
          Expression value = tuple();
          end(Kind.PRINT_END);
          statements.add(run -> run.write(Values.text(value.value(run))));
        }
        case BLOCK_BEGIN -> {
          next();
          if (peek().kind() == Kind.NAME && ends.contains(peek().text())) {
            leave();
            return Statement.all(statements);
          }
          statements.add(block());
        }
        default -> {
          if (!ends.isEmpty()) {
            throw wrong("one of the tags " + new TreeSet<>(ends));
          }
          leave();
          return Statement.all(statements);
        }
      }
    }
  }

  /** Values with commas between them are a list. */
  private Expression tuple() {
    Expression first = expression();
    if (!sees(",")) {
      return first;
    }
    List<Expression> all = new ArrayList<>(List.of(first));
    while (accept(",")) {
      all.add(expression());
    }
    return run -> all.stream().map(element -> element.value(run)).toList();
  }

  private void endTag(String name) {
    if (!acceptName(name)) {
      throw wrong("'" + name + "'");
    }
    end(Kind.BLOCK_END);
  }

  private Statement block() {
    int line = peek().line();
    String tag = name();
    Statement statement =
        switch (tag) {
          case "if" -> conditional();
          case "for" -> loop(line);
          case "set" -> assignment(line);
          case "macro" -> macro();
          case "filter" -> filtered();
          case "generation" -> marked();
          case "break", "continue" -> leap(tag.equals("break"), line);
          default ->
              throw new TemplateException(line, "the tag '" + tag + "' is not supported here");
        };
    return run -> {
      run.charge(1);
      statement.execute(run);
    };
  }

  private Statement conditional() {
    Expression condition = expression();
    end(Kind.BLOCK_END);
    Statement yes = until(Set.of("elif", "else", "endif"));
    Statement no = NOTHING;
    if (acceptName("elif")) {
      enter();
      no = conditional();
      leave();
    } else {
      if (acceptName("else")) {
        end(Kind.BLOCK_END);
        no = until(Set.of("endif"));
      }
      endTag("endif");
    }
    Statement otherwise = no;
    return run -> (Values.truth(condition.value(run)) ? yes : otherwise).execute(run);
  }

  private List<String> targets() {
    boolean parenthesised = accept("(");
    List<String> names = new ArrayList<>(List.of(name()));
    while (accept(",")) {
      names.add(name());
    }
    if (parenthesised) {
      expect(")");
    }
    return names;
  }

  private static void assign(Run run, List<String> names, Object value) {
    if (names.size() == 1) {
      run.set(names.get(0), value);
      return;
    }
    List<?> parts = Values.elements(value);
    if (parts.size() != names.size()) {
      throw new TemplateException(
          Values.describe(value) + " does not fall into the names " + names);
    }
    for (int i = 0; i < parts.size(); i++) {
      run.set(names.get(i), parts.get(i));
    }
  }

  private Statement loop(int line) {
    final List<String> names = targets();
    if (!acceptName("in")) {
      throw wrong("'in'");
    }
    final Expression over = or();
    final @Nullable Expression condition = acceptName("if") ? expression() : null;
    if (seesName("recursive")) {
      throw new TemplateException(line, "recursive loops are not supported");
    }
    end(Kind.BLOCK_END);
    loops++;
    final Statement body = until(Set.of("else", "endfor"));
    loops--;
    final Statement empty;
    if (acceptName("else")) {
      end(Kind.BLOCK_END);
      empty = until(Set.of("endfor"));
    } else {
      empty = NOTHING;
    }
    endTag("endfor");
    return run -> {
      List<Object> elements = new ArrayList<>();
      for (Object element : Values.elements(over.value(run))) {
        run.charge(1);
        run.scoped(
            () -> {
              assign(run, names, element);
              if (condition == null || Values.truth(condition.value(run))) {
                elements.add(element);
              }
            });
      }
      if (elements.isEmpty()) {
        empty.execute(run);
      }
      for (int i = 0; i < elements.size(); i++) {
        int index = i;
        try {
          run.scoped(
              () -> {
                assign(run, names, elements.get(index));
                run.set("loop", state(elements, index));
                body.execute(run);
              });
        } catch (Leap leap) {
          if (leap.leavesLoop) {
            break;
          }
        }
      }
    };
  }

  private static Map<String, Object> state(List<Object> elements, int index) {
    int size = elements.size();
    Map<String, Object> loop = new LinkedHashMap<>();
    loop.put("index", index + 1L);
    loop.put("index0", (long) index);
    loop.put("revindex", (long) size - index);
    loop.put("revindex0", (long) size - index - 1);
    loop.put("first", index == 0);
    loop.put("last", index == size - 1);
    loop.put("length", (long) size);
    loop.put("previtem", index > 0 ? elements.get(index - 1) : Special.UNDEFINED);
    loop.put("nextitem", index < size - 1 ? elements.get(index + 1) : Special.UNDEFINED);
    loop.put(
        "cycle",
        (Function) (values, named) -> values.isEmpty() ? "" : values.get(index % values.size()));
    return loop;
  }

  private Statement leap(boolean leavesLoop, int line) {
    end(Kind.BLOCK_END);
    if (loops == 0) {
      throw new TemplateException(line, "break and continue belong into a loop");
    }
    return run -> {
      throw new Leap(leavesLoop);
    };
  }

  private Statement assignment(int line) {
    if (following().is(Kind.OPERATOR, ".")) {
      String namespace = name();
      expect(".");
      String field = name();
      expect("=");
      Expression value = tuple();
      end(Kind.BLOCK_END);
      return run -> set(run, line, namespace, field, value.value(run));
    }
    List<String> names = targets();
    if (accept("=")) {
      Expression value = tuple();
      end(Kind.BLOCK_END);
      return run -> assign(run, names, value.value(run));
    }
    end(Kind.BLOCK_END);
    Statement body = until(Set.of("endset"));
    endTag("endset");
    return run -> assign(run, names, run.capture(() -> run.scoped(() -> body.execute(run))));
  }

  private static void set(Run run, int line, String namespace, String field, Object value) {
    if (run.get(namespace) instanceof Namespace values) {
      values.put(field, value);
    } else {
      throw new TemplateException(line, "'" + namespace + "' is no namespace");
    }
  }

  private Statement macro() {
    String name = name();
    List<String> names = new ArrayList<>();
    Map<String, Expression> defaults = new LinkedHashMap<>();
    expect("(");
    while (!accept(")")) {
      String argument = name();
      names.add(argument);
      if (accept("=")) {
        defaults.put(argument, expression());
      }
      if (!sees(")")) {
        expect(",");
      }
    }
    end(Kind.BLOCK_END);
    int around = loops;
    loops = 0;
    Statement body = until(Set.of("endmacro"));
    loops = around;
    endTag("endmacro");
    return run -> {
      Object here = run.here();
      run.set(
          name,
          (Function)
              (values, named) ->
                  run.capture(
                      () ->
                          run.within(
                              here,
                              () -> {
                                bind(run, names, defaults, values, named);
                                body.execute(run);
                              })));
    };
  }

  private static void bind(
      Run run,
      List<String> names,
      Map<String, Expression> defaults,
      List<Object> values,
      Map<String, Object> named) {
    if (values.size() > names.size() || !names.containsAll(named.keySet())) {
      throw new TemplateException("a macro takes " + names + ", not " + values.size() + " values");
    }
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Expression otherwise = defaults.get(name);
      if (i < values.size()) {
        run.set(name, values.get(i));
      } else if (named.containsKey(name)) {
        run.set(name, named.getOrDefault(name, Special.UNDEFINED));
      } else {
        run.set(name, otherwise == null ? Special.UNDEFINED : otherwise.value(run));
      }
    }
  }

  private Statement filtered() {
    int line = peek().line();
    String captured = " filtered"; // no template can use this name
    Expression value = filter(run -> run.get(captured), line);
    end(Kind.BLOCK_END);
    Statement body = until(Set.of("endfilter"));
    endTag("endfilter");
    return run ->
        run.scoped(
            () -> {
              run.set(captured, run.capture(() -> body.execute(run)));
              run.write(Values.text(value.value(run)));
            });
  }

  /** What the assistant said: marked for training, printed as it is. */
  private Statement marked() {
    end(Kind.BLOCK_END);
    Statement body = until(Set.of("endgeneration"));
    endTag("endgeneration");
    return body;
  }
}
