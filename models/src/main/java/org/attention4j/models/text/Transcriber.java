package org.attention4j.models.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation;
import org.attention4j.generate.TimeStamps;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.input.ImageProcessor;
import org.attention4j.models.input.LogMel;
import org.attention4j.models.input.Sound;
import org.attention4j.models.text.SpeechDecoder.Heard;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Engine;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Writes down speech with a Whisper of Hugging Face's. Owns a session; as thread-safe as that.
 *
 * <pre>{@code
 * try (Transcriber transcriber =
 *     Transcriber.open(Path.of("whisper-tiny"), Engines.get("onnx"), SessionOptions.defaults())) {
 *   Sound sound = Sound.read(Path.of("speech.wav"));
 *   System.out.println(transcriber.transcribe(sound, Transcriber.Wish.usual()).text());
 * }
 * }</pre>
 */
public final class Transcriber implements AutoCloseable {
  private static final String FEATURES = SpeechDecoder.FEATURES;
  private static final String TOKENS = SpeechDecoder.TOKENS;

  private final Checkpoint checkpoint;
  private final LogMel mel;
  private final SpeechPrompt prompt;
  private final Tokenizer tokenizer;
  private final PretrainedSession session;

  private Transcriber(
      Checkpoint checkpoint,
      LogMel mel,
      SpeechPrompt prompt,
      Tokenizer tokenizer,
      PretrainedSession session) {
    this.checkpoint = checkpoint;
    this.mel = mel;
    this.prompt = prompt;
    this.tokenizer = tokenizer;
    this.session = session;
  }

  /**
   * What is wanted of a transcript.
   *
   * @param language code of what is spoken, such as {@code en}; null for what the model's files
   *     say, or else what the model hears
   * @param task {@code transcribe}, or {@code translate} into English; null for what the files say
   * @param tokens at most for each piece; 0 for what the files say
   * @param stamped whether it is wanted when each thing was said
   * @param fallback what is done with a text that is not trusted
   */
  public record Wish(
      @Nullable String language,
      @Nullable String task,
      int tokens,
      boolean stamped,
      SpeechFallback fallback) {
    /** The most probable text, with thresholds only if the files have some. */
    public Wish(@Nullable String language, @Nullable String task, int tokens, boolean stamped) {
      this(language, task, tokens, stamped, SpeechFallback.none());
    }

    /** Without times, unless the files ask for them. */
    public Wish(@Nullable String language, @Nullable String task, int tokens) {
      this(language, task, tokens, false);
    }

    /** All as the files say. */
    public static Wish usual() {
      return new Wish(null, null, 0);
    }
  }

  /**
   * Opens a directory with {@code preprocessor_config.json}, {@code generation_config.json} and
   * {@code tokenizer.json} beside the model.
   *
   * @throws UsageException if the model does not write down speech
   * @throws FileFormatException if the files do not fit each other
   */
  public static Transcriber open(Path directory, Engine engine, SessionOptions options) {
    Checkpoint checkpoint = HuggingFace.open(directory);
    TensorType sound = checkpoint.model().inputs().get(FEATURES);
    if (sound == null || !checkpoint.model().inputs().containsKey(TOKENS)) {
      throw new UsageException(
          directory
              + " holds a model of type '"
              + checkpoint.model().family()
              + "', which does not write down speech; use whisper");
    }
    LogMel mel = LogMel.read(directory);
    if (!sound.dim(1).is(mel.bands()) || !sound.dim(2).is(mel.frames())) {
      throw new FileFormatException(
          directory.resolve(ImageProcessor.FILE),
          "makes " + mel.bands() + " x " + mel.frames() + " values, the model reads " + sound);
    }
    SpeechPrompt prompt = SpeechPrompt.read(directory);
    Tokenizer tokenizer = Tokenizers.load(directory);
    try {
      PretrainedSession session =
          checkpoint.session(engine, options, Set.of(FEATURES, TOKENS), Set.of());
      return new Transcriber(checkpoint, mel, prompt, tokenizer, session);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * What is said in a sound of any rate. One that is longer than the model reads at once is written
   * down with time stamps, which tell where to go on (Radford et al. 2022, section 3.8), as
   * transformers does; {@link SpeechFallback} says what it does with texts that are not trusted. A
   * model without time stamps reads it in pieces, each by itself, so that a word may be lost at a
   * cut. The language is heard at the beginning.
   *
   * @throws UsageException if the sound is empty, or the model does not know what is wanted
   */
  public Transcript transcribe(Sound sound, Wish wish) {
    if (sound.length() == 0) {
      throw new UsageException("the sound is empty");
    }
    Sound heard = sound.at(mel.rate());
    TimeStamps stamps = prompt.stamps(checkpoint.model().vocabulary());
    boolean wanted = wish.stamped || prompt.stamped();
    if (wanted && stamps == null) {
      throw new UsageException(
          "the model has no time stamps: there is no token after the one of generation_config.json's"
              + " no_timestamps_token_id");
    }
    return stamps != null && (wanted || heard.length() > mel.samples())
        ? windows(heard, wish, stamps)
        : pieces(heard, wish);
  }

  private Transcript pieces(Sound heard, Wish wish) {
    List<Generation> pieces = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    SpeechDecoder decoder = decoder(wish);
    long[] start = null;
    for (int from = 0; from < heard.length(); from += mel.samples()) {
      int to = Math.min(heard.length(), from + mel.samples());
      HostTensor features = mel.features(heard.part(from, to));
      start = start == null ? start(wish, false, features) : start;
      Heard piece = decoder.hear(features, start, null);
      pieces.add(piece.generation());
      if (!piece.silent()) {
        decoder.said(piece.tokens(), null);
        text.append(tokenizer.decode(piece.generation().ids()));
      }
    }
    return new Transcript(text.toString().strip(), pieces, List.of());
  }

  private Transcript windows(Sound heard, Wish wish, TimeStamps stamps) {
    boolean few = heard.length() <= mel.samples();
    HostTensor all = few ? mel.features(heard) : mel.whole(heard); // [1, bands, frames]
    int frames = (int) all.dim(2);
    double second = (double) mel.rate() / mel.hop(); // in frames
    List<Generation> pieces = new ArrayList<>();
    List<Transcript.Segment> segments = new ArrayList<>();
    List<Long> spoken = new ArrayList<>();
    SpeechDecoder decoder = decoder(wish);
    long[] start = null;
    for (int at = 0; at < frames; ) {
      HostTensor features = window(all, at);
      start = start == null ? start(wish, true, features) : start;
      Heard piece = decoder.hear(features, start, stamps);
      pieces.add(piece.generation());
      int length = Math.min(mel.frames(), frames - at);
      if (piece.silent()) {
        at += length;
        continue;
      }
      SpeechWindow found = SpeechWindow.of(piece.tokens(), stamps, length);
      for (SpeechWindow.Cut cut : found.cuts()) {
        List<Long> words = cut.tokens().stream().filter(token -> !stamps.is(token)).toList();
        spoken.addAll(words);
        decoder.said(cut.tokens(), stamps);
        double from = (at + cut.start()) / second;
        double to = (at + cut.end()) / second;
        segments.add(new Transcript.Segment(from, to, decode(words), cut.tokens()));
      }
      at += found.frames();
    }
    return new Transcript(decode(spoken).strip(), pieces, segments);
  }

  private String decode(List<Long> tokens) {
    return tokenizer.decode(tokens.stream().mapToLong(Long::longValue).toArray());
  }

  /** What the model reads at once, from a frame on; silence after the end: [1, bands, frames]. */
  private HostTensor window(HostTensor all, int from) {
    HostTensor window = HostTensor.zeros(DType.F32, 1, mel.bands(), mel.frames());
    long frames = all.dim(2);
    for (int band = 0; band < mel.bands(); band++) {
      for (int n = 0; n < mel.frames() && from + n < frames; n++) {
        window.set((long) band * mel.frames() + n, all.getDouble(band * frames + from + n));
      }
    }
    return window;
  }

  private long[] start(Wish wish, boolean stamped, HostTensor features) {
    return prompt.tokens(wish.language, wish.task, stamped, () -> language(features));
  }

  private SpeechDecoder decoder(Wish wish) {
    Pretrained model = checkpoint.model();
    SpeechFallback fallback = prompt.fallback(wish.fallback);
    return new SpeechDecoder(
        session, prompt, fallback, model.vocabulary(), model.context(), wish.tokens);
  }

  /** The most probable language after the first token. */
  private long language(HostTensor features) {
    HostTensor start = HostTensor.of(new long[] {prompt.start()}, 1, 1);
    Map<String, HostTensor> outputs = session.run(Map.of(FEATURES, features, TOKENS, start));
    HostTensor logits = Objects.requireNonNull(outputs.get("logits")); // [1, 1, vocabulary]
    long best = -1;
    for (long token : prompt.languages().values()) {
      if (token < logits.size() && (best < 0 || logits.getDouble(token) > logits.getDouble(best))) {
        best = token;
      }
    }
    if (best < 0) {
      throw new UsageException("the model has no token for a language; name one");
    }
    return best;
  }

  /** How a prompt reads, for people: {@code <|en|>} and so on. */
  public String label(Generation piece) {
    return String.join("", piece.prompt().stream().map(tokenizer::label).toList());
  }

  /** Codes of the languages that the model can be told; empty if it knows one only. */
  public Set<String> languages() {
    return prompt.languages().keySet();
  }

  /** What computes. */
  public String description() {
    return session.session().description();
  }

  @Override
  public String toString() {
    return "Transcriber of " + checkpoint.path() + " " + Arrays.asList(mel, description());
  }

  @Override
  public void close() {
    session.close();
    tokenizer.close();
  }
}
