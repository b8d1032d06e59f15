package org.attention4j.engine.onnx.session;

import ai.onnxruntime.OnnxTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.CacheLength;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Rows;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Decoding with a cache in buffers that ONNX Runtime writes fresh rows into: past and present are
 * one memory, so that a step costs the same however long the past is. A full buffer is replaced by
 * one of twice the size, and the first has room for half as much again as the prompt. One thread at
 * a time.
 */
final class InPlaceDecoding implements Decoding {
  private static final String LENGTH = "cache_length";
  private static final Dim TIME = Dim.symbol("time");
  private static final Dim CAPACITY = Dim.symbol("capacity");
  private static final long LEAST = 64;

  /** From so many tokens on a first step is a prompt. */
  static final long LONG = 32;

  private final OnnxSession.Decoders models;
  private final OrtModel step;
  private final CacheMemory memory;
  private final BiFunction<OrtModel, Map<String, HostTensor>, Map<String, HostTensor>> known;
  private final UnaryOperator<Map<String, HostTensor>> outward;
  private Map<String, HostTensor> buffers = Map.of();
  private final Map<String, OnnxTensor> past = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> present = new LinkedHashMap<>();
  private CacheMemory.@Nullable Loan loan; // of the buffers
  private @Nullable StepRun latest;
  private long capacity;
  private long length;
  private boolean closed;

  /**
   * A decoding that has not begun.
   *
   * @param models that write their cache in place
   * @param memory of earlier decodings
   * @param known leaves out inputs that the model does not need
   * @param outward gives outputs the types that the program declares
   */
  InPlaceDecoding(
      OnnxSession.Decoders models,
      CacheMemory memory,
      BiFunction<OrtModel, Map<String, HostTensor>, Map<String, HostTensor>> known,
      UnaryOperator<Map<String, HostTensor>> outward) {
    this.models = models;
    this.step = models.step();
    this.memory = memory;
    this.known = known;
    this.outward = outward;
  }

  @Override
  public Map<String, HostTensor> next(Map<String, HostTensor> inputs) {
    if (closed) {
      throw new UsageException("this decoding is closed");
    }
    Map<String, HostTensor> given = step.signature().check(known.apply(step, inputs));
    long time = axis(given, TIME);
    if (length > 0 && time > 1 && batch() > 1 && !models.batches()) {
      return oneByOne(given, time);
    }
    return outward.apply(run(given, time));
  }

  /** GroupQueryAttention continues several texts by one token at a time only. */
  private Map<String, HostTensor> oneByOne(Map<String, HostTensor> given, long time) {
    Map<String, List<HostTensor>> parts = new LinkedHashMap<>();
    long before = length;
    for (long t = 0; t < time; t++) {
      Map<String, HostTensor> token = new LinkedHashMap<>();
      for (Map.Entry<String, HostTensor> input : given.entrySet()) {
        TensorType type = step.signature().inputs().get(input.getKey());
        HostTensor cut = input.getValue();
        for (int i = 0; type != null && i < Math.min(type.rank(), cut.rank()); i++) {
          if (type.dim(i).equals(TIME)) {
            cut = HostSlices.slice(cut, i, t, t + 1);
          } else if (type.dim(i).equals(CAPACITY)) {
            checkCovers(input.getKey(), input.getValue(), before + time);
            cut = HostSlices.slice(cut, i, 0, before + t + 1);
          }
        }
        token.put(input.getKey(), cut);
      }
      run(token, 1)
          .forEach((name, o) -> parts.computeIfAbsent(name, n -> new ArrayList<>()).add(o));
    }
    Map<String, HostTensor> joined = new LinkedHashMap<>();
    parts.forEach(
        (name, list) -> {
          TensorType type = step.signature().outputs().get(name);
          int axis = type == null ? -1 : type.dims().indexOf(TIME);
          joined.put(name, axis < 0 ? list.get(list.size() - 1) : HostSlices.join(list, axis));
        });
    return outward.apply(joined);
  }

  private Map<String, HostTensor> run(Map<String, HostTensor> given, long time) {
    reserve(length + time, given);
    Map<String, HostTensor> fed = new LinkedHashMap<>();
    given.forEach((name, tensor) -> fed.put(name, widened(name, tensor, length + time)));
    HostTensor start = HostTensor.zeros(DType.I64);
    start.set(0, length);
    fed.put(LENGTH, start);
    fed.keySet().retainAll(step.signature().inputs().keySet());
    boolean prompt = length == 0 && time >= LONG;
    OrtModel model = prompt && models.prompts() != null ? models.prompts().get() : step;
    StepRun run = latest;
    if (run == null || !run.fits(model, fed)) {
      forget();
      run = new StepRun(model, fed, buffers, past, present);
      latest = run;
    }
    Map<String, HostTensor> outputs = run.run(fed);
    length += time;
    return outputs;
  }

  /** The size of an axis among the given inputs. */
  private long axis(Map<String, HostTensor> given, Dim symbol) {
    for (Map.Entry<String, HostTensor> input : given.entrySet()) {
      TensorType type = step.signature().inputs().get(input.getKey());
      for (int i = 0; type != null && i < Math.min(type.rank(), input.getValue().rank()); i++) {
        if (type.dim(i).equals(symbol)) {
          return input.getValue().dim(i);
        }
      }
    }
    throw new UsageException(
        "no input has the axis '" + symbol + "'; inputs are " + step.signature().inputs());
  }

  /** A mask over the slots so far, padded to the buffers' size. */
  private HostTensor widened(String name, HostTensor tensor, long slots) {
    TensorType type = step.signature().inputs().get(name);
    if (type == null || type.rank() != tensor.rank() || tensor.rank() == 0) {
      return tensor; // refused by the sizes, with its name
    }
    int last = type.rank() - 1;
    if (!type.dim(last).equals(CAPACITY)) {
      return tensor;
    }
    checkCovers(name, tensor, slots);
    long[] shape = tensor.shape();
    shape[last] = capacity;
    HostTensor wide = HostTensor.zeros(tensor.dtype(), shape);
    copyRows(tensor, wide, (int) (slots * tensor.dtype().bytes()));
    return wide;
  }

  private static void checkCovers(String name, HostTensor tensor, long slots) {
    if (tensor.dim(tensor.rank() - 1) != slots) {
      throw new ShapeException(
          "input '" + name + "' covers the past and the new tokens: " + slots + ", got " + tensor);
    }
  }

  /** Copies the beginning of each of the rows that differ in length. */
  private static void copyRows(HostTensor from, HostTensor to, int bytes) {
    long[] shape = from.shape();
    int rows = 1;
    for (int i = 0; i < shape.length - 1; i++) {
      rows *= (int) shape[i];
    }
    copy(from, to, rows, bytes);
  }

  private static void copy(HostTensor from, HostTensor to, int rows, int bytes) {
    int oldWidth = rows == 0 ? 0 : from.buffer().remaining() / rows;
    int newWidth = rows == 0 ? 0 : to.buffer().remaining() / rows;
    for (int row = 0; row < rows; row++) {
      to.buffer().put(row * newWidth, from.buffer(), row * oldWidth, bytes);
    }
  }

  private void reserve(long slots, Map<String, HostTensor> given) {
    if (slots <= capacity && !buffers.isEmpty()) {
      return;
    }
    long wanted = Math.max(LEAST, Math.max(slots + slots / 2, 2 * capacity));
    long batch = buffers.isEmpty() ? axis(given, Dim.symbol("batch")) : batch();
    Map<String, TensorType> types = new LinkedHashMap<>();
    step.signature()
        .inputs()
        .forEach(
            (name, type) -> {
              if (name.startsWith(CachedDecoding.PAST)) {
                types.put(name, type.bind(Map.of("batch", batch, "capacity", wanted)));
              }
            });
    replace(
        types,
        (old, wide) -> { // [batch, kv_heads, capacity, head_dim]
          int rows = (int) (old.dim(0) * old.dim(1));
          copy(old, wide, rows, (int) (length * old.dim(3) * old.dtype().bytes()));
        });
    capacity = wanted;
  }

  /** Other buffers, which get what is needed of those before. */
  private void replace(Map<String, TensorType> types, BiConsumer<HostTensor, HostTensor> contents) {
    CacheMemory.Loan before = loan;
    CacheMemory.Loan next = memory.lend(types);
    buffers.forEach((name, old) -> contents.accept(old, next.tensor(name)));
    loan = next;
    buffers = next.tensors();
    bind();
    memory.giveBack(before); // nothing refers to it any more
  }

  private long batch() {
    return buffers.values().iterator().next().dim(0);
  }

  /** Two tensors over each buffer, as what goes in and what comes out. */
  private void bind() {
    release();
    buffers.forEach(
        (name, buffer) -> {
          past.put(name, OrtTensors.over(buffer));
          String entry = name.substring(CachedDecoding.PAST.length());
          String output = step.signature().fileName(CachedDecoding.PRESENT + entry);
          present.put(output, OrtTensors.over(buffer));
        });
  }

  private void forget() {
    if (latest != null) {
      latest.close();
      latest = null;
    }
  }

  private void release() {
    forget();
    List<OnnxTensor> all = new ArrayList<>(past.values());
    all.addAll(present.values());
    all.forEach(OnnxTensor::close);
    past.clear();
    present.clear();
  }

  @Override
  public void select(long... rows) {
    if (closed) {
      throw new UsageException("this decoding is closed");
    }
    Rows.check(rows, buffers.isEmpty() ? 0 : batch());
    Map<String, TensorType> types = new LinkedHashMap<>();
    buffers.forEach(
        (name, buffer) -> {
          long[] shape = buffer.shape();
          shape[0] = rows.length;
          types.put(name, TensorType.ofShape(buffer.dtype(), shape));
        });
    replace(
        types,
        (from, to) -> {
          int width = (int) (from.buffer().remaining() / from.dim(0));
          for (int i = 0; i < rows.length; i++) {
            to.buffer().put(i * width, from.buffer(), Math.toIntExact(rows[i] * width), width);
          }
        });
  }

  /** Only the count changes: later slots are hidden, and the next step writes over them. */
  @Override
  public void truncate(long wanted) {
    if (closed) {
      throw new UsageException("this decoding is closed");
    }
    CacheLength.check(wanted, length);
    length = wanted;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void close() {
    if (closed) {
      return; // the memory may be another decoding's by now
    }
    closed = true;
    release();
    memory.giveBack(loan);
    loan = null;
    buffers = Map.of();
  }
}
