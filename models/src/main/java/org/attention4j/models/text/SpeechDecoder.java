package org.attention4j.models.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Beams;
import org.attention4j.generate.Generation;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Sampling;
import org.attention4j.generate.TimeStamps;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.store.JsonFile;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * Writes down one window of a sound after the other: again at another temperature while the text is
 * not trusted, and with what was said before. Of one transcript; not thread-safe.
 */
final class SpeechDecoder {
  static final String FEATURES = "input_features";
  static final String TOKENS = "decoder_input_ids";

  private final PretrainedSession session;
  private final SpeechPrompt prompt;
  private final SpeechFallback fallback;
  private final int vocabulary;
  private final int context;
  private final int maxTokens;
  private final List<Long> said = new ArrayList<>();
  private boolean trusted = true; // what was said
  private int attempts;

  /**
   * A decoder of one transcript.
   *
   * @param maxTokens for each window; 0 for what the model's files say
   */
  SpeechDecoder(
      PretrainedSession session,
      SpeechPrompt prompt,
      SpeechFallback fallback,
      int vocabulary,
      int context,
      int maxTokens) {
    this.session = session;
    this.prompt = prompt;
    this.fallback = fallback;
    this.vocabulary = vocabulary;
    this.context = context;
    this.maxTokens = maxTokens;
  }

  /**
   * What a window turned out to be.
   *
   * @param silent whether nothing of it is to be written down
   */
  record Heard(Generation generation, boolean silent) {
    /** The tokens without the one that ends the text. */
    List<Long> tokens() {
      List<Long> all = generation.tokens();
      boolean ended = generation.end() == Generation.End.STOP_TOKEN;
      return all.subList(0, all.size() - (ended ? 1 : 0));
    }
  }

  /**
   * The text of a window.
   *
   * @param features [1, bands, frames]
   * @param start language, task and the like
   * @param stamps how time stamps come; null if none are wanted
   */
  Heard hear(HostTensor features, long[] start, @Nullable TimeStamps stamps) {
    long[] tokens = LongStream.concat(previous(), Arrays.stream(start)).toArray();
    GenerationOptions options = options(tokens.length);
    if (stamps != null) {
      options = options.constrained(options.constraints().stamping(stamps));
    }
    Generator generator = Generator.translator(session.session(), Map.of(FEATURES, features));
    Generation last = null;
    for (double temperature : fallback.temperatures()) {
      last = generator.generate(tokens, at(temperature, options));
      trusted = SpeechFallback.isLow(temperature);
      double mean = last.score().orElse(0);
      if (fallback.noSpeech().isPresent()
          && fallback.unlikely(mean)
          && silence(features, tokens, start.length) > fallback.noSpeech().getAsDouble()) {
        return new Heard(last, true);
      }
      if (!fallback.doubts(last.tokens(), vocabulary, mean)) {
        break;
      }
    }
    return new Heard(Objects.requireNonNull(last), false);
  }

  /** Tells the next windows what was said in this one, time stamps included. */
  void said(List<Long> tokens, @Nullable TimeStamps stamps) {
    int count = tokens.size();
    // of two stamps at the end the second belongs to what comes
    boolean open = stamps != null && count > 2 && stamps.is(tokens.get(count - 2));
    said.addAll(open ? tokens.subList(0, count - 1) : tokens);
  }

  /** What was said, as much of it as fits half the context, after the token that announces it. */
  private LongStream previous() {
    if (!fallback.previousText() || !trusted || said.isEmpty()) {
      return LongStream.empty();
    }
    int most = context / 2 - 1;
    LongStream before =
        said.subList(Math.max(0, said.size() - most), said.size()).stream()
            .mapToLong(Long::longValue);
    return LongStream.concat(prompt.previous().stream(), before);
  }

  private GenerationOptions options(int promptLength) {
    if (promptLength >= context) {
      throw new UsageException(
          "the prompt with previous text has "
              + promptLength
              + " tokens, the decoder reads "
              + context);
    }
    GenerationOptions options =
        prompt.generation().options(context, promptLength, context - promptLength);
    return maxTokens > 0 ? options.taking(maxTokens) : options;
  }

  private GenerationOptions at(double temperature, GenerationOptions options) {
    boolean scored = fallback.logProbability().isPresent();
    if (scored && temperature == 0 && options.beams().count() > 1) {
      throw new UsageException(
          "a threshold of log-probabilities is of drawn texts; the model's files ask for beams");
    }
    GenerationOptions all = scored ? options.scoring() : options;
    if (temperature == 0) {
      return fallback.equals(SpeechFallback.none()) ? all : all.drawing(Sampling.greedy());
    }
    ObjectNode draw = JsonFile.object().put("do_sample", true).put("temperature", temperature);
    Sampling sampling = prompt.generation().with(draw).sampling();
    return all.searching(Beams.none(), 1).drawing(sampling.withSeed(fallback.seed() + attempts++));
  }

  /** Probability of the token for silence after the first token of the prompt proper. */
  private double silence(HostTensor features, long[] tokens, int startLength) {
    int length = tokens.length - startLength + 1;
    HostTensor ids = HostTensor.of(Arrays.copyOf(tokens, length), 1, length);
    Map<String, HostTensor> outputs = session.run(Map.of(FEATURES, features, TOKENS, ids));
    HostTensor logits = Objects.requireNonNull(outputs.get("logits")); // [1, length, vocabulary]
    float[] all = logits.toFloatArray();
    float[] last = Arrays.copyOfRange(all, all.length - (int) logits.dim(2), all.length);
    return Probabilities.softmax(last)[(int) prompt.silence()];
  }
}
