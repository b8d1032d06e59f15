package org.attention4j.engine.onnx.export;

import java.util.LinkedHashMap;
import java.util.Map;
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

  /** 1 for two tensors of zeros; NaN if a value is not finite. */
  static double cosine(HostTensor a, HostTensor b) {
    if (a.size() != b.size()) {
      return Double.NaN;
    }
    double product = 0;
    double first = 0;
    double second = 0;
    for (long i = 0; i < a.size(); i++) {
      product += a.getDouble(i) * b.getDouble(i);
      first += a.getDouble(i) * a.getDouble(i);
      second += b.getDouble(i) * b.getDouble(i);
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
