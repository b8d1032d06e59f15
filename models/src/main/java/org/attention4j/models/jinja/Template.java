package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A template that was read; see the package for what it may hold. Immutable, thread-safe.
 *
 * <p>Templates come with downloaded models, so they reach no file, class or network, change no
 * value that is given, and are stopped when they compute or write too much.
 */
public final class Template {
  /** Values computed and characters made by one rendering, at most. */
  private static final long BUDGET = 10_000_000;

  private static final int MAX_LENGTH = 1 << 20;

  private final Statement body;

  private Template(Statement body) {
    this.body = body;
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException naming the line where it is wrong, or what is not supported
   */
  public static Template parse(String source) {
    if (source.length() > MAX_LENGTH) {
      throw new TemplateException("a template has at most " + MAX_LENGTH + " characters");
    }
    try {
      return new Template(new StatementParser(Lexer.tokens(source)).template());
    } catch (StackOverflowError e) {
      throw new TemplateException("the template nests too deep");
    }
  }

  /**
   * The text.
   *
   * @param variables strings, {@link Long}, {@link Double}, {@link Boolean}, lists and maps of
   *     such, {@link Function}s and {@link Special}s
   * @throws TemplateException if the template refuses the values, or wants too much
   */
  public String render(Map<String, Object> variables) {
    Map<String, Object> names = new LinkedHashMap<>();
    names.put("namespace", (Function) (arguments, named) -> new Namespace(named));
    names.put("dict", (Function) (arguments, named) -> new LinkedHashMap<>(named));
    names.putAll(variables);
    Run run = new Run(BUDGET, names);
    run.set("range", (Function) (arguments, named) -> range(run, arguments));
    try {
      body.execute(run);
    } catch (StackOverflowError e) {
      throw new TemplateException("the template nests too deep");
    }
    return run.output();
  }

  private static List<Object> range(Run run, List<Object> arguments) {
    List<Long> bounds = new ArrayList<>();
    for (Object argument : arguments) {
      if (!(argument instanceof Long bound)) {
        throw new TemplateException("range takes whole numbers, not " + Values.describe(argument));
      }
      bounds.add(bound);
    }
    if (bounds.isEmpty() || bounds.size() > 3 || (bounds.size() == 3 && bounds.get(2) == 0)) {
      throw new TemplateException("range takes from one to three numbers, the step not 0");
    }
    long from = bounds.size() > 1 ? bounds.get(0) : 0;
    long to = bounds.get(bounds.size() > 1 ? 1 : 0);
    long step = bounds.size() > 2 ? bounds.get(2) : 1;
    List<Object> numbers = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      run.charge(1);
      numbers.add(i);
    }
    return numbers;
  }
}
