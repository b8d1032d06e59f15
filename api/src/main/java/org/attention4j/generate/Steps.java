package org.attention4j.generate;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Session;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * Gives the logits after each text of a batch that grows at its end, through the cache while it
 * may. Shorter texts are padded on the left: the padding is masked, and positions count from the
 * first token of the text.
 */
final class Steps implements AutoCloseable {
  static final String LOGITS = "logits";
  private static final long PADDING = 0; // any token: it is masked

  /** Tokens of a prompt at a time when logits of all come back: they are [time, vocabulary]. */
  private static final int PIECE = 512;

  private static final int LARGE = 4096; // a vocabulary

  private final Session session;
  private final Feed feed;
  private final boolean cached;
  private final int context;
  private Map<String, HostTensor> source;
  private @Nullable Decoding decoding;
  private int seen;
  private int[] padded = {};

  Steps(Session session, Feed feed, Map<String, HostTensor> source, GenerationOptions options) {
    this.session = session;
    this.feed = feed;
    this.source = source;
    this.cached = options.cached();
    this.context = options.ending().context();
  }

  /**
   * The logits of the tokens that come next.
   *
   * @param texts those of the last call, each with one more token, in the rows of {@link #select}
   * @return [texts][vocabulary]
   */
  double[][] logits(List<long[]> texts) {
    int longest = texts.stream().mapToInt(text -> text.length).max().orElse(0);
    if (!cached || longest > context) {
      List<long[]> windows = texts.stream().map(this::window).toList();
      int width = windows.stream().mapToInt(text -> text.length).max().orElse(0);
      int[] padding = windows.stream().mapToInt(text -> width - text.length).toArray();
      return last(session.run(inputs(windows, padding, 0, width)), texts.size());
    }
    if (seen == 0) {
      padded = texts.stream().mapToInt(text -> longest - text.length).toArray();
    }
    if (decoding == null) {
      decoding = session.decode();
    }
    int width = padded[0] + texts.get(0).length;
    double[][] logits = last(decoding.next(inputs(texts, padded, seen, width)), texts.size());
    seen = width;
    return logits;
  }

  /**
   * The logits after each of the last tokens of one text, which is no longer than the context.
   *
   * @param text what was read last and is kept goes on, with at least one more token
   * @param count tokens, the last of those that are not read yet
   * @return [count][vocabulary]
   * @throws UsageException if the session tells the logits of fewer tokens
   */
  double[][] last(long[] text, int count) {
    padded = new int[1];
    if (decoding == null) {
      decoding = session.decode();
    }
    HostTensor logits = HostTensor.zeros(DType.F32, 0);
    while (seen < text.length) {
      int to = Math.min(text.length, seen + PIECE);
      to = text.length - to < count ? text.length : to;
      logits = logits(decoding.next(inputs(List.of(text), padded, seen, to)), 1);
      seen = to;
    }
    return lastOf(logits, 0, count);
  }

  /** The cache of one text keeps its first tokens. */
  void keep(int tokens) {
    if (tokens == 0 && decoding != null) {
      decoding.close();
      decoding = null;
      seen = 0;
    } else if (tokens < seen && decoding != null) {
      decoding.truncate(tokens);
      seen = tokens;
    }
  }

  private long[] window(long[] text) {
    return Arrays.copyOfRange(text, Math.max(0, text.length - context), text.length);
  }

  /** The texts of the next call are these rows of the last; rows may repeat and be left out. */
  void select(int[] rows, int of) {
    if (rows.length == of && isIdentity(rows)) {
      return;
    }
    long[] wanted = Arrays.stream(rows).asLongStream().toArray();
    if (decoding != null) {
      decoding.select(wanted);
      padded = Arrays.stream(rows).map(row -> padded[row]).toArray();
    }
    Map<String, HostTensor> selected = new LinkedHashMap<>();
    source.forEach((name, tensor) -> selected.put(name, rows(tensor, rows)));
    source = selected;
  }

  private static boolean isIdentity(int[] rows) {
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] != i) {
        return false;
      }
    }
    return true;
  }

  /** Rows of axis 0. */
  static HostTensor rows(HostTensor tensor, int[] rows) {
    long[] shape = tensor.shape();
    int width = (int) (tensor.buffer().remaining() / shape[0]);
    shape[0] = rows.length;
    HostTensor selected = HostTensor.zeros(tensor.dtype(), shape);
    for (int i = 0; i < rows.length; i++) {
      selected.buffer().put(i * width, tensor.buffer(), rows[i] * width, width);
    }
    return selected;
  }

  /** Columns {@code from .. to} of the padded texts, and what belongs to them. */
  private Map<String, HostTensor> inputs(List<long[]> texts, int[] padding, int from, int to) {
    int rows = texts.size();
    HostTensor tokens = HostTensor.zeros(DType.I64, rows, to - from);
    HostTensor positions = HostTensor.zeros(DType.I64, rows, to - from);
    HostTensor mask = HostTensor.zeros(DType.I64, rows, to);
    for (int row = 0; row < rows; row++) {
      int before = padding[row];
      for (int column = from; column < to; column++) {
        int at = row * (to - from) + column - from;
        tokens.set(at, column < before ? PADDING : texts.get(row)[column - before]);
        positions.set(at, (long) Math.max(0, column - before));
      }
      for (int column = before; column < to; column++) {
        mask.set((long) row * to + column, 1L);
      }
    }
    boolean ragged = Arrays.stream(padding).anyMatch(n -> n > 0);
    if (ragged && !session.inputs().contains(feed.mask())) {
      throw new UsageException(
          "prompts of different lengths need a session with the input '"
              + feed.mask()
              + "'; open it with Generator.batched(program), or give prompts of one length");
    }
    Map<String, HostTensor> inputs = new LinkedHashMap<>(source);
    inputs.put(feed.tokens(), tokens);
    if (session.inputs().contains(feed.mask())) {
      inputs.put(feed.mask(), mask);
    }
    if (session.inputs().contains(feed.positions())) {
      inputs.put(feed.positions(), positions);
    }
    return inputs;
  }

  /** The last logits of each row of [rows, time, vocabulary]. */
  private static double[][] last(Map<String, HostTensor> outputs, int rows) {
    HostTensor logits = logits(outputs, rows);
    double[][] last = new double[rows][];
    for (int row = 0; row < rows; row++) {
      last[row] = lastOf(logits, row, 1)[0];
    }
    return last;
  }

  private static HostTensor logits(Map<String, HostTensor> outputs, int rows) {
    HostTensor logits = outputs.get(LOGITS);
    if (logits == null) {
      throw new UsageException(
          "generation needs a model with an output '" + LOGITS + "', got " + outputs.keySet());
    }
    if (logits.rank() != 3 || logits.dim(0) != rows || logits.size() == 0) {
      throw new ShapeException(
          "generation needs logits [" + rows + ", time, vocabulary], got " + logits);
    }
    return logits;
  }

  /** The logits [rows, time, vocabulary] of the last tokens of a row. */
  private static double[][] lastOf(HostTensor logits, int row, int count) {
    if (logits.dim(1) < count) {
      throw new UsageException(
          "the session tells the logits of the last "
              + logits.dim(1)
              + " tokens, and a draft needs those of "
              + count
              + "; open it without Generator.lastLogits");
    }
    int vocabulary = (int) logits.dim(2);
    double[][] last = new double[count][vocabulary];
    for (int t = 0; t < count; t++) {
      long from = ((row + 1) * logits.dim(1) - count + t) * vocabulary;
      read(logits, from, last[t]);
      Scores.check(last[t]);
    }
    return last;
  }

  /** Vocabularies are large: single-precision logits, which are most, are read at a stretch. */
  private static void read(HostTensor logits, long from, double[] to) {
    if (logits.dtype() != DType.F32 || to.length < LARGE) {
      for (int i = 0; i < to.length; i++) {
        to[i] = logits.getDouble(from + i);
      }
      return;
    }
    float[] row = new float[to.length];
    logits.buffer().asFloatBuffer().get(Math.toIntExact(from), row);
    for (int i = 0; i < to.length; i++) {
      to[i] = row[i];
    }
  }

  @Override
  public void close() {
    if (decoding != null) {
      Objects.requireNonNull(decoding).close();
    }
  }

  /** Names of the inputs that grow. */
  record Feed(String tokens, String mask, String positions) {
    static final Feed DECODER = new Feed("input_ids", "attention_mask", "position_ids");
    static final Feed ENCODER_DECODER =
        new Feed("decoder_input_ids", "decoder_attention_mask", "decoder_position_ids");
  }
}
