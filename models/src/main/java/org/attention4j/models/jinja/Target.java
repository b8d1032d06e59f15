package org.attention4j.models.jinja;

import java.util.List;
import org.attention4j.error.Count;

/** What a value is given to. */
interface Target {
  void assign(Run run, Object value);

  /** One name. */
  static Target name(String name) {
    return (run, value) -> run.set(name, value);
  }

  /** A field of a namespace. */
  static Target field(int line, String namespace, String field) {
    return (run, value) -> {
      if (run.get(namespace) instanceof Namespace values) {
        values.set(field, value);
      } else {
        throw new TemplateException(line, "'" + namespace + "' is no namespace");
      }
    };
  }

  /** As many parts as the value has elements. */
  static Target parts(List<Target> parts) {
    return (run, value) -> {
      List<?> elements = Values.elements(run, value);
      if (elements.size() != parts.size()) {
        throw new TemplateException(
            Values.describe(value) + " does not fall into " + Count.of(parts.size(), "name"));
      }
      for (int i = 0; i < elements.size(); i++) {
        parts.get(i).assign(run, elements.get(i));
      }
    };
  }
}
