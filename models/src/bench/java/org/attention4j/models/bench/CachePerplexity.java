package org.attention4j.models.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;

/**
 * Measures what rounding weights and cache costs a trained model: the mean negative log-likelihood
 * of a text's tokens and the perplexity, each token but the first of a piece predicted by one step
 * over the cache. Prints a table in Markdown, and how far each form's log-likelihoods are from the
 * first one's, root mean square.
 *
 * <p>Arguments NAME=VALUE: {@code model}, a directory of this library's or of Hugging Face's;
 * {@code text}, a file, of which the last tenth is read, as {@code train} keeps it for validation;
 * {@code pieces}, evenly spread; {@code length}, tokens of a piece; {@code forms} as for {@link
 * GenerationPeers}.
 */
public final class CachePerplexity {
  private CachePerplexity() {}

  public static void main(String[] arguments) throws IOException {
    Map<String, String> given = new LinkedHashMap<>();
    for (String argument : arguments) {
      int split = argument.indexOf('=');
      given.put(argument.substring(0, split), argument.substring(split + 1));
    }
    ModelDirectory model = ModelDirectory.open(Path.of(given.getOrDefault("model", ".")));
    String text = Files.readString(Path.of(given.getOrDefault("text", "")));
    long[] ids = model.requireTokenizer().encode(text.substring(text.length() / 10 * 9));
    int pieces = Integer.parseInt(given.getOrDefault("pieces", "16"));
    int length = Integer.parseInt(given.getOrDefault("length", "256"));
    List<String> forms = List.of(given.getOrDefault("forms", "onnx").split(",", -1));
    double[] first = new double[0];
    System.out.println("| form | nats a token | perplexity | off the first row |");
    System.out.println("|---|---|---|---|");
    for (String form : forms) {
      double[] own = losses(model, form, ids, pieces, length);
      first = first.length == 0 ? own : first;
      double squares = 0;
      for (int i = 0; i < own.length; i++) {
        squares += (own[i] - first[i]) * (own[i] - first[i]);
      }
      double mean = Arrays.stream(own).average().orElse(0);
      System.out.printf(
          Locale.ROOT,
          "| `%s` | %.5f | %.4f | %.5f |%n",
          form,
          mean,
          Math.exp(mean),
          Math.sqrt(squares / own.length));
    }
  }

  /** Of each token but the first of a piece. */
  private static double[] losses(
      ModelDirectory model, String form, long[] ids, int pieces, int length) {
    String[] parts = form.split(":", -1);
    SessionOptions options = SessionOptions.defaults();
    for (String property : Arrays.asList(parts).subList(1, parts.length)) {
      int split = property.indexOf('=');
      options = options.with(property.substring(0, split), property.substring(split + 1));
    }
    double[] losses = new double[pieces * (length - 1)];
    try (Session session = Engines.get(parts[0]).open(model.program(), model.weights(), options)) {
      System.err.println(form + ": " + session.description());
      for (int piece = 0; piece < pieces; piece++) {
        int from = (int) ((long) (ids.length - length) * piece / Math.max(1, pieces - 1));
        try (Decoding decoding = session.decode()) {
          for (int n = 0; n + 1 < length; n++) {
            HostTensor token = HostTensor.of(new long[] {ids[from + n]}, 1, 1);
            HostTensor logits = decoding.next(Map.of("input_ids", token)).get("logits");
            if (logits == null) {
              throw new IllegalStateException("the model has no logits");
            }
            losses[piece * (length - 1) + n] =
                loss(logits.toDoubleArray(), (int) ids[from + n + 1]);
          }
        }
      }
    }
    return losses;
  }

  private static double loss(double[] logits, int token) {
    double largest = Arrays.stream(logits).max().orElse(0);
    double sum = Arrays.stream(logits).map(logit -> Math.exp(logit - largest)).sum();
    return largest + Math.log(sum) - logits[token];
  }
}
