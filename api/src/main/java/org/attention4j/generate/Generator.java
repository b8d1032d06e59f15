package org.attention4j.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation.End;
import org.attention4j.generate.GenerationOptions.WhenFull;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Session;
import org.attention4j.tensor.HostTensor;

/**
 * Continues a sequence token by token on a session, which stays open and is not owned. One sequence
 * at a time; several generations may run at once if the session is thread-safe.
 */
public final class Generator {
  private static final String LOGITS = "logits";

  private final Session session;
  private final String growing;
  private final Map<String, HostTensor> fixed;

  private Generator(Session session, String growing, Map<String, HostTensor> fixed) {
    this.session = session;
    this.growing = growing;
    this.fixed = Map.copyOf(fixed);
  }

  /** For a decoder: tokens go to {@code input_ids} [1, time]. */
  public static Generator decoder(Session session) {
    return new Generator(session, "input_ids", Map.of());
  }

  /**
   * For an encoder-decoder: tokens go to {@code decoder_input_ids} [1, time].
   *
   * @param source the encoder's inputs, of batch 1: {@code input_ids}, perhaps a mask
   */
  public static Generator translator(Session session, Map<String, HostTensor> source) {
    return new Generator(session, "decoder_input_ids", source);
  }

  /** The tokens after a prompt. */
  public Generation generate(long[] prompt, GenerationOptions options) {
    return generate(prompt, options, token -> true);
  }

  /**
   * The tokens after a prompt, told as they are drawn.
   *
   * @param prompt at least one token
   * @param listener called with each token; false ends the generation
   * @throws UsageException if the prompt is empty, or longer than a context that does not slide
   */
  public Generation generate(long[] prompt, GenerationOptions options, LongPredicate listener) {
    if (prompt.length == 0) {
      throw new UsageException("generation needs a prompt of at least one token");
    }
    if (prompt.length > options.context() && options.whenFull() == WhenFull.STOP) {
      throw new UsageException(
          "the prompt of "
              + prompt.length
              + " tokens is longer than the context of "
              + options.context());
    }
    try (Steps steps = new Steps(options)) {
      List<Long> drawn = new ArrayList<>();
      End end = draw(prompt, options, listener, steps, drawn);
      return new Generation(Arrays.stream(prompt).boxed().toList(), drawn, end);
    }
  }

  private static End draw(
      long[] prompt,
      GenerationOptions options,
      LongPredicate listener,
      Steps steps,
      List<Long> drawn) {
    TokenSampler sampler = new TokenSampler(options.sampling());
    long[] sequence = prompt.clone();
    while (drawn.size() < options.maxNewTokens()) {
      long token = sampler.next(steps.logits(sequence), sequence);
      drawn.add(token);
      if (!listener.test(token)) {
        return End.LISTENER;
      }
      if (options.stopTokens().contains(token)) {
        return End.STOP_TOKEN;
      }
      if (sequence.length >= options.context() && options.whenFull() == WhenFull.STOP) {
        return End.CONTEXT;
      }
      sequence = Arrays.copyOf(sequence, sequence.length + 1);
      sequence[sequence.length - 1] = token;
    }
    return End.LENGTH;
  }

  /** Gives the logits after a sequence that grows at its end. */
  private final class Steps implements AutoCloseable {
    private final GenerationOptions options;
    private final Decoding decoding;
    private int seen;

    Steps(GenerationOptions options) {
      this.options = options;
      this.decoding = session.decode();
    }

    double[] logits(long[] sequence) {
      int length = sequence.length;
      if (!options.cached() || length > options.context()) {
        int from = Math.max(0, length - options.context());
        return last(session.run(inputs(Arrays.copyOfRange(sequence, from, length))));
      }
      double[] logits = last(decoding.next(inputs(Arrays.copyOfRange(sequence, seen, length))));
      seen = length;
      return logits;
    }

    private Map<String, HostTensor> inputs(long[] tokens) {
      Map<String, HostTensor> inputs = new LinkedHashMap<>(fixed);
      inputs.put(growing, HostTensor.of(tokens, 1, tokens.length));
      return inputs;
    }

    @Override
    public void close() {
      decoding.close();
    }
  }

  /** The last row of the logits [1, time, vocabulary]. */
  private static double[] last(Map<String, HostTensor> outputs) {
    HostTensor logits = outputs.get(LOGITS);
    if (logits == null) {
      throw new UsageException(
          "generation needs a model with an output '" + LOGITS + "', got " + outputs.keySet());
    }
    if (logits.rank() != 3 || logits.dim(0) != 1 || logits.size() == 0) {
      throw new ShapeException("generation needs logits [1, time, vocabulary], got " + logits);
    }
    int vocabulary = (int) logits.dim(2);
    double[] row = new double[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      row[i] = logits.getDouble(logits.size() - vocabulary + i);
    }
    return row;
  }
}
