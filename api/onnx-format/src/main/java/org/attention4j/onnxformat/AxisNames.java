package org.attention4j.onnxformat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.tensor.Dim;

/** Sizes as the names of axes in a file, such as {@code past_sequence_length+sequence_length}. */
public final class AxisNames {
  private static final Pattern TERM =
      Pattern.compile("\\s*([+-]?)\\s*((?:[A-Za-z0-9_.]+\\s*\\*\\s*)*[A-Za-z0-9_.]+)\\s*");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  private AxisNames() {}

  /**
   * The name of a size.
   *
   * @param rename what symbols are called in the file
   */
  public static String format(Dim dim, UnaryOperator<String> rename) {
    Dim result = Dim.of(0);
    for (Map.Entry<List<Dim.Atom>, Long> term : dim.terms().entrySet()) {
      Dim product = Dim.of(term.getValue().longValue());
      for (Dim.Atom atom : term.getKey()) {
        String name =
            atom instanceof Dim.Symbol symbol
                ? rename.apply(symbol.name())
                : atom.toString().replaceAll("[^A-Za-z0-9]+", "_"); // a rounded quotient
        product = product.times(Dim.symbol(name));
      }
      result = result.plus(product);
    }
    return result.toString();
  }

  /**
   * The size that a name means: a sum of products of symbols and numbers, or one symbol if it is
   * anything else, as other exporters may write.
   */
  public static Dim parse(String text) {
    Matcher matcher = TERM.matcher(text);
    List<Dim> terms = new ArrayList<>();
    int end = 0;
    while (end < text.length() && matcher.find(end) && matcher.start() == end) {
      boolean negative = "-".equals(matcher.group(1));
      if (end > 0 && matcher.group(1).isEmpty()) {
        break;
      }
      Dim product = Dim.of(negative ? -1 : 1);
      for (String factor : matcher.group(2).split("\\*", -1)) {
        String name = factor.trim();
        if (NUMBER.matcher(name).matches()) {
          product = product.times(Dim.of(Long.parseLong(name)));
        } else {
          product = product.times(Dim.symbol(usable(name)));
        }
      }
      terms.add(product);
      end = matcher.end();
    }
    if (end < text.length() || terms.isEmpty()) {
      return Dim.symbol(usable(text));
    }
    Dim sum = Dim.of(0);
    for (Dim term : terms) {
      sum = sum.plus(term);
    }
    return sum;
  }

  /** A symbol may not begin with a digit nor hold other characters. */
  private static String usable(String name) {
    String plain = name.replaceAll("[^A-Za-z0-9_.]", "_");
    return plain.isEmpty() || !(Character.isLetter(plain.charAt(0)) || plain.charAt(0) == '_')
        ? "_" + plain
        : plain;
  }
}
