package org.attention4j.models.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What stands in parentheses after a function. */
record Arguments(List<Expression> positional, Map<String, Expression> byName) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  List<Object> values(Run run) {
    return positional.stream().map(expression -> expression.value(run)).toList();
  }

  Map<String, Object> named(Run run) {
    Map<String, Object> values = new LinkedHashMap<>();
    byName.forEach((name, expression) -> values.put(name, expression.value(run)));
    return values;
  }
}
