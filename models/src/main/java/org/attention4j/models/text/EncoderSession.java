package org.attention4j.models.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.huggingface.family.Architectures;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.token.Encoding;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.models.token.SpecialTokens;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Engine;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;

/**
 * Runs texts through a model that reads each as a whole, in padded batches of about one length.
 * Texts that are too long are cut, and counted. As thread-safe as the engine's session.
 */
final class EncoderSession implements AutoCloseable {
  static final int BATCH = 32;

  /** Texts that are held as tokens and sorted by length at a time. */
  private static final int SORTED = 1024;

  private static final String TYPES = "token_type_ids";

  private final Config config;
  private final Task task;
  private final SpecialTokens specials;
  private final JsonTokenizer tokenizer;
  private final PretrainedSession session;
  private final boolean types;
  private final int limit;
  private final AtomicLong truncated = new AtomicLong();

  private EncoderSession(
      Config config,
      Task task,
      SpecialTokens specials,
      JsonTokenizer tokenizer,
      PretrainedSession session,
      boolean types,
      int limit) {
    this.config = config;
    this.task = task;
    this.specials = specials;
    this.tokenizer = tokenizer;
    this.session = session;
    this.types = types;
    this.limit = limit;
  }

  /** Takes what the model says of each text. */
  @FunctionalInterface
  interface Rows {
    /**
     * One text's row.
     *
     * @param index of the text
     * @param tokens of the text
     * @param row all values of the output for it, those of padding behind the tokens included; of
     *     several outputs one after the other
     */
    void take(int index, Encoding tokens, float[] row);
  }

  /**
   * Opens a directory for one task.
   *
   * @throws UsageException if its model is for another
   */
  private static EncoderSession open(
      Path directory, Task task, Engine engine, SessionOptions options) {
    Config config = HuggingFace.config(directory);
    Pretrained named = Architectures.read(config);
    boolean both = named.task() == Task.PRETRAINING && task == Task.MASKED_LM;
    Pretrained model = both ? Architectures.read(config, task) : named; // one of its two heads
    if (model.task() != task) {
      throw new UsageException(
          directory
              + " holds a model for "
              + model.task().label()
              + " ('architectures' in config.json says so); this needs one for "
              + task.label());
    }
    Tokenizers.require(directory);
    return open(HuggingFace.open(directory, model), OptionalInt.empty(), engine, options);
  }

  /**
   * Opens a directory for one task, and makes of it what uses it: whoever fails to does not leave
   * the session open.
   *
   * @throws UsageException if its model is for another
   */
  static <T> T open(
      Path directory,
      Task task,
      Engine engine,
      SessionOptions options,
      Function<EncoderSession, T> user) {
    return used(open(directory, task, engine, options), user);
  }

  /** The same for a checkpoint that is open. */
  static <T> T open(
      Checkpoint checkpoint,
      Engine engine,
      SessionOptions options,
      Function<EncoderSession, T> user) {
    return used(open(checkpoint, OptionalInt.empty(), engine, options), user);
  }

  private static <T> T used(EncoderSession session, Function<EncoderSession, T> user) {
    try {
      return user.apply(session);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /**
   * Opens a checkpoint.
   *
   * @param longest tokens of a text at most, if it is known better than by the tokenizer
   */
  static EncoderSession open(
      Checkpoint checkpoint, OptionalInt longest, Engine engine, SessionOptions options) {
    SpecialTokens specials = SpecialTokens.read(checkpoint.path());
    Pretrained model = checkpoint.model();
    int context = model.context();
    int limit = Math.min(context, longest.orElse(specials.longest().orElse(context)));
    JsonTokenizer tokenizer = Tokenizers.truncating(checkpoint.path(), limit);
    try {
      boolean types =
          model.readsTypes() && (specials.inputs().isEmpty() || specials.inputs().contains(TYPES));
      List<String> inputs = new ArrayList<>(List.of("input_ids", "attention_mask"));
      if (types) {
        inputs.add(TYPES);
      }
      PretrainedSession session = checkpoint.session(engine, options, inputs, Set.of());
      return new EncoderSession(
          model.config(), model.task(), specials, tokenizer, session, types, limit);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  Config config() {
    return config;
  }

  SpecialTokens specials() {
    return specials;
  }

  JsonTokenizer tokenizer() {
    return tokenizer;
  }

  /** Tokens of a text at most. */
  int limit() {
    return limit;
  }

  /** How many texts were too long so far. */
  long truncated() {
    return truncated.get();
  }

  String description() {
    return session.session().description();
  }

  /**
   * The tokens of a text as the model reads it.
   *
   * @throws UsageException if it has none
   */
  Encoding encode(TextPair text) {
    String second = text.second();
    Encoding encoding =
        second == null
            ? tokenizer.encoding(text.first())
            : tokenizer.encoding(text.first(), second);
    if (encoding.ids().isEmpty()) {
      throw new UsageException("a text has no token: '" + text.first() + "'");
    }
    if (encoding.truncated()) {
      truncated.incrementAndGet();
    }
    return encoding;
  }

  /**
   * Runs texts.
   *
   * @param batch texts at a time, at most
   * @param output which output to take
   * @throws UsageException if a text has no token, or the batch is below 1
   */
  void run(List<TextPair> texts, int batch, String output, Rows rows) {
    if (batch < 1) {
      throw new UsageException("a batch has at least 1 text, not " + batch);
    }
    for (int from = 0; from < texts.size(); from += SORTED) {
      int first = from;
      List<TextPair> some = texts.subList(from, Math.min(texts.size(), from + SORTED));
      runTokens(
          some.stream().map(this::encode).toList(),
          batch,
          List.of(output),
          (index, tokens, row) -> rows.take(first + index, tokens, row));
    }
  }

  /** The same for texts that are tokens already. */
  void runTokens(List<Encoding> texts, int batch, List<String> outputs, Rows rows) {
    List<Integer> order = // the longest first: if memory does not suffice, that shows at once
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> -texts.get(i).ids().size()))
            .toList();
    int from = 0;
    while (from < order.size()) {
      int longest = length(texts, order.get(from));
      int to = from + 1;
      while (to < order.size()
          && to - from < batch
          && (mayPad() || length(texts, order.get(to)) == longest)) {
        to++;
      }
      run(texts, order.subList(from, to), longest, outputs, rows);
      from = to;
    }
  }

  private static int length(List<Encoding> texts, int index) {
    return texts.get(index).ids().size();
  }

  /** A decoder tells its last token by the padding; without it, rows of one length are safe. */
  private boolean mayPad() {
    return task != Task.SEQUENCE_CLASSIFICATION || config.has("pad_token_id");
  }

  private void run(
      List<Encoding> texts, List<Integer> chosen, int width, List<String> outputs, Rows rows) {
    long[] ids = new long[chosen.size() * width];
    long[] mask = new long[ids.length];
    long[] kinds = new long[ids.length];
    Arrays.fill(ids, padding());
    for (int row = 0; row < chosen.size(); row++) {
      Encoding text = texts.get(chosen.get(row));
      for (int i = 0; i < text.ids().size(); i++) {
        ids[row * width + i] = text.ids().get(i);
        mask[row * width + i] = 1;
        kinds[row * width + i] = text.typeIds().get(i);
      }
    }
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", HostTensor.of(ids, chosen.size(), width));
    inputs.put("attention_mask", HostTensor.of(mask, chosen.size(), width));
    if (types) {
      inputs.put(TYPES, HostTensor.of(kinds, chosen.size(), width));
    }
    Map<String, HostTensor> results = session.run(inputs);
    List<float[]> values = new ArrayList<>(); // [rows, ...] each
    for (String output : outputs) {
      HostTensor result = results.get(output);
      if (result == null) {
        throw new IllegalStateException("the model has no output '" + output + "'");
      }
      values.add(result.toFloatArray());
    }
    for (int row = 0; row < chosen.size(); row++) {
      int index = chosen.get(row);
      rows.take(index, texts.get(index), row(values, row, chosen.size()));
    }
  }

  private static float[] row(List<float[]> values, int row, int rows) {
    float[] all = new float[values.stream().mapToInt(v -> v.length / rows).sum()];
    int at = 0;
    for (float[] one : values) {
      int size = one.length / rows;
      System.arraycopy(one, row * size, all, at, size);
      at += size;
    }
    return all;
  }

  private long padding() {
    return config.has("pad_token_id")
        ? config.id("pad_token_id", 0)
        : tokenizer.special("<pad>").orElse(0);
  }

  @Override
  public void close() {
    session.close();
    tokenizer.close();
  }
}
