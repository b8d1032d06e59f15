package org.attention4j.models.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** The only value that a template may change. */
final class Namespace extends LinkedHashMap<String, Object> {
  private static final long serialVersionUID = 1L;

  Namespace(Map<String, Object> values) {
    super(values);
  }
}
