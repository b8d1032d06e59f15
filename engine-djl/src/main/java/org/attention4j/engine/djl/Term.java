package org.attention4j.engine.djl;

/**
 * A value inside a TorchScript method: a tensor, or a number that has not been made one because the
 * operators take numbers as they are.
 *
 * @param text a name or a literal; evaluating it twice costs nothing
 * @param isNumber whether it is a number of the script, of rank 0 in the graph
 */
record Term(String text, boolean isNumber) {
  static Term tensor(String text) {
    return new Term(text, false);
  }

  static Term number(String text) {
    return new Term(text, true);
  }
}
