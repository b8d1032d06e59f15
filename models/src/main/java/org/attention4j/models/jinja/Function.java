package org.attention4j.models.jinja;

import java.util.List;
import java.util.Map;

/** What a template can call. */
public interface Function {

  /**
   * Calls it with values as {@link Template#render} takes them.
   *
   * @throws org.attention4j.error.AttentionException if the arguments do not fit
   */
  Object call(List<Object> arguments, Map<String, Object> named);
}
