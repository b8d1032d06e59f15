package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.Count;

/** A macro, or the body of a {@code call}, in the scope that defined it. */
final class Macro implements Attributed, Function {
  private static final String CALLER = "caller";

  /**
   * Its text.
   *
   * @param names of its arguments
   * @param mentioned names that its body uses: only with them it takes more than its arguments
   */
  record Code(
      String name,
      List<String> names,
      Map<String, Expression> defaults,
      Statement body,
      Set<String> mentioned) {}

  private final Run run;
  private final Code code;
  private final Object scope;

  Macro(Run run, Code code) {
    this.run = run;
    this.code = code;
    this.scope = run.here();
  }

  String text() {
    return code.name().isEmpty() ? "<Macro anonymous>" : "<Macro '" + code.name() + "'>";
  }

  @Override
  public Object attribute(String name) {
    return switch (name) {
      case "name" -> code.name().isEmpty() ? Special.NONE : code.name();
      case "arguments" -> new Tuple(code.names());
      case "catch_varargs" -> code.mentioned().contains("varargs");
      case "catch_kwargs" -> code.mentioned().contains("kwargs");
      case CALLER -> code.mentioned().contains(CALLER);
      default -> Special.UNDEFINED;
    };
  }

  @Override
  public Object call(List<Object> arguments, Map<String, Object> named) {
    return run.capture(
        () ->
            run.within(
                scope,
                () -> {
                  bind(arguments, new LinkedHashMap<>(named));
                  code.body().execute(run);
                }));
  }

  private void bind(List<Object> arguments, Map<String, Object> named) {
    int taken = Math.min(arguments.size(), code.names().size());
    for (int i = 0; i < code.names().size(); i++) {
      String name = code.names().get(i);
      Object given = i < taken ? null : named.remove(name);
      Expression otherwise = code.defaults().get(name);
      if (i < taken) {
        run.set(name, arguments.get(i));
      } else if (given != null) {
        run.set(name, given);
      } else {
        run.set(name, otherwise == null ? Special.UNDEFINED : otherwise.value(run));
      }
    }
    if (code.mentioned().contains(CALLER) && !code.names().contains(CALLER)) {
      Object caller = named.remove(CALLER);
      run.set(CALLER, caller == null ? Special.UNDEFINED : caller);
    }
    List<Object> more = new ArrayList<>(arguments.subList(taken, arguments.size()));
    if (code.mentioned().contains("varargs")) {
      run.set("varargs", new Tuple(more));
      more.clear();
    }
    if (code.mentioned().contains("kwargs")) {
      run.set("kwargs", new LinkedHashMap<>(named));
      named.clear();
    }
    if (!more.isEmpty() || !named.isEmpty()) {
      throw new TemplateException(
          "the macro '"
              + code.name()
              + "' takes "
              + code.names()
              + ", not "
              + (more.isEmpty() ? named.keySet() : Count.of(arguments.size(), "value")));
    }
  }
}
