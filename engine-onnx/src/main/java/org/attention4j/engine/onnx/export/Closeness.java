package org.attention4j.engine.onnx.export;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.tensor.HostTensor;

/**
 * How close the outputs of rounded weights are to the source's: {@code cosine.OUTPUT} over all
 * values of an output; for a decoder {@code perplexity.source} and {@code perplexity.file}, of the
 * example's own tokens, each predicted from those before it.
 */
final class Closeness {
  private static final String LOGITS = "logits";
  private static final String TOKENS = "input_ids";

  private Closeness() {}

  static Map<String, Double> of(
      Map<String, HostTensor> inputs,
      Map<String, HostTensor> expected,
      Map<String, HostTensor> actual) {
    Map<String, Double> measures = new LinkedHashMap<>();
    expected.forEach(
        (name, e) -> {
          HostTensor a = actual.get(name);
          if (a != null) {
            measures.put("cosine." + name, cosine(e, a));
          }
        });
    HostTensor tokens = inputs.get(TOKENS);
    HostTensor e = expected.get(LOGITS);
    HostTensor a = actual.get(LOGITS);
    if (tokens != null && e != null && a != null && predicts(tokens, e)) {
      measures.put("perplexity.source", perplexity(tokens, e));
      measures.put("perplexity.file", perplexity(tokens, a));
    }
    return measures;
  }

  private static boolean predicts(HostTensor tokens, HostTensor logits) {
    return logits.rank() == 3
        && logits.dim(0) == tokens.dim(0)
        && logits.dim(1) == tokens.dim(1)
        && tokens.dim(1) > 1;
  }

  /** Of all steps of a decoding together, so that one short step does not decide. */
  static Map<String, Double> ofSteps(
      List<Map<String, HostTensor>> expected, List<Map<String, HostTensor>> actual) {
    Map<String, Double> measures = new LinkedHashMap<>();
    for (String name : expected.isEmpty() ? List.<String>of() : expected.get(0).keySet()) {
      measures.put("cosine." + name, cosine(named(expected, name), named(actual, name)));
    }
    return measures;
  }

  private static List<HostTensor> named(List<Map<String, HostTensor>> steps, String name) {
    return steps.stream().map(step -> Objects.requireNonNull(step.get(name), name)).toList();
  }

  private static double cosine(HostTensor a, HostTensor b) {
    return cosine(List.of(a), List.of(b));
  }

  /** 1 if all are zeros; NaN if a value is not finite or sizes differ. */
  static double cosine(List<HostTensor> a, List<HostTensor> b) {
    double product = 0;
    double first = 0;
    double second = 0;
    for (int n = 0; n < a.size(); n++) {
      if (a.get(n).size() != b.get(n).size()) {
        return Double.NaN;
      }
      for (long i = 0; i < a.get(n).size(); i++) {
        double x = a.get(n).getDouble(i);
        double y = b.get(n).getDouble(i);
        product += x * y;
        first += x * x;
        second += y * y;
      }
    }
    return first == 0 && second == 0 ? 1 : product / Math.sqrt(first * second);
  }

  /** The exponential of the mean negative log-likelihood of tokens 1, 2, ... of each row. */
  static double perplexity(HostTensor tokens, HostTensor logits) {
    int time = (int) logits.dim(1);
    int vocabulary = (int) logits.dim(2);
    double sum = 0;
    long count = 0;
    for (int row = 0; row < logits.dim(0); row++) {
      for (int t = 0; t + 1 < time; t++) {
        long start = ((long) row * time + t) * vocabulary;
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < vocabulary; i++) {
          largest = Math.max(largest, logits.getDouble(start + i));
        }
        double total = 0;
        for (int i = 0; i < vocabulary; i++) {
          total += Math.exp(logits.getDouble(start + i) - largest);
        }
        long next = tokens.getLong((long) row * time + t + 1);
        sum += largest + Math.log(total) - logits.getDouble(start + next);
        count++;
      }
    }
    return Math.exp(sum / count);
  }
}
