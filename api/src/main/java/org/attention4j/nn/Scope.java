package org.attention4j.nn;

import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.attention4j.error.OperandException;
import org.attention4j.op.Dropout;
import org.attention4j.op.Start;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * A path within one run of a model: where a block finds its parameters, cache entries and
 * positions. The path names the checkpoint entry, the ONNX initializer and the error. A path asked
 * for twice is a tied weight.
 *
 * <p>Immutable; lives as long as the run, on the run's thread.
 */
public final class Scope {

  /** One run of a model, eager or recording. */
  public interface Run {
    /** The parameter at a path; the same tensor each time. */
    Tensor param(String path, TensorType type, Init init);

    /** Slot of the first query: what the cache holds already. */
    Start start();

    /**
     * Past values of a cache entry followed by fresh ones along an axis; fresh alone without a
     * cache.
     */
    Tensor extend(String entry, Tensor fresh, int axis);

    /** A value computed at the first step of a decoding and kept. */
    Tensor once(String entry, Supplier<Tensor> compute);

    /** A named intermediate value. */
    void report(String path, Tensor value);

    /** Whether the value at a path is wanted, so that it is worth computing for a report. */
    boolean observes(String path);

    /** Begins the block at a path. */
    void enter(String path);

    /** Ends the innermost block. */
    void leave();

    /** Whether dropout is on. */
    boolean training();

    /** The seed of this run's dropout, i64 scalar. */
    Tensor seed();
  }

  private final Run run;
  private final String path;
  private final String entry;
  private final boolean cached;
  private final @Nullable Tensor positions;
  private final @Nullable LinearAdapter adapter;
  private final boolean dropping;

  private Scope(
      Run run,
      String path,
      String entry,
      boolean cached,
      @Nullable Tensor positions,
      @Nullable LinearAdapter adapter,
      boolean dropping) {
    this.run = run;
    this.path = path;
    this.entry = entry;
    this.cached = cached;
    this.positions = positions;
    this.adapter = adapter;
    this.dropping = dropping;
  }

  /** The top of a run. */
  public static Scope root(Run run) {
    return new Scope(run, "", "", true, null, null, true);
  }

  private String below(Object name) {
    String last = name.toString();
    return path.isEmpty() || last.isEmpty() ? path + last : path + "." + last;
  }

  /** One level down; with an empty name, this place itself. */
  public Scope child(Object name) {
    return new Scope(run, below(name), entry, cached, positions, adapter, dropping);
  }

  /** No cache and positions from 0: for encoders. */
  public Scope uncached() {
    return new Scope(run, path, entry, false, null, adapter, dropping);
  }

  /** Position ids given as a model input, [time] or [batch, time]; null for slots. */
  public Scope positions(@Nullable Tensor ids) {
    return new Scope(run, path, entry, cached, ids, adapter, dropping);
  }

  /** Cache entries below are those of layer n. */
  public Scope layer(int n) {
    return new Scope(run, path, n + ".", cached, positions, adapter, dropping);
  }

  /** Cache entries below begin with this name, too. */
  public Scope entries(String name) {
    return new Scope(run, path, entry + name + ".", cached, positions, adapter, dropping);
  }

  /** Linear layers here and below are adapted. */
  public Scope adapted(LinearAdapter newAdapter) {
    return new Scope(run, path, entry, cached, positions, newAdapter, dropping);
  }

  /** Values reported here and below also go to a listener: a loss may want what layers compute. */
  public Scope heard(BiConsumer<String, Tensor> listener) {
    return new Scope(
        new ListeningRun(run, listener), path, entry, cached, positions, adapter, dropping);
  }

  /** No dropout here and below, in training either: for losses that compare two models. */
  public Scope withoutDropout() {
    return new Scope(run, path, entry, cached, positions, adapter, false);
  }

  /** What the adapter of this place, if there is one, makes of a linear layer's output. */
  Tensor adapt(Linear layer, Tensor x, Tensor y) {
    return adapter == null ? y : adapter.adapt(this, layer, x, y);
  }

  /** The dotted path, empty at the top. */
  public String path() {
    return path;
  }

  /** A parameter of this block; sizes as {@code Dim.of} reads them. */
  public Tensor param(String name, Init init, Object... dims) {
    return run.param(below(name), TensorType.f32(dims), init);
  }

  /** Runs a body one level down; errors and recorded nodes carry its path. */
  public <R> R in(Object name, Function<Scope, R> body) {
    Scope child = child(name);
    run.enter(child.path);
    try {
      R result = body.apply(child);
      if (result instanceof Tensor tensor) {
        run.report(child.path, tensor);
      }
      return result;
    } catch (OperandException e) {
      throw e.at(child.path);
    } finally {
      run.leave();
    }
  }

  /** Runs a block one level down. */
  public Tensor call(Object name, Block block, Tensor x) {
    return in(name, s -> block.apply(s, x));
  }

  /** Slot of the first query row: masks, ALiBi and relative biases count from it. */
  public Start start() {
    return cached ? run.start() : Start.ZERO;
  }

  /** Position ids of the rows of x, axis 1: [time] or [batch, time]. */
  public Tensor positionsOf(Tensor x) {
    return positions != null ? positions : start().slots(x, x.dim(1));
  }

  /** KV cache: past values followed by the fresh ones, or fresh alone; one code path for both. */
  public Tensor extend(String name, Tensor fresh, int axis) {
    return cached ? run.extend(entry + name, fresh, axis) : fresh;
  }

  /** Computed at the first step only: keys and values of cross-attention. */
  public Tensor once(String name, Supplier<Tensor> compute) {
    return cached ? run.once(entry + name, compute) : compute.get();
  }

  /** Names an intermediate value, for comparison layer by layer and for pictures. */
  public void report(String name, Tensor value) {
    run.report(below(name), value);
  }

  /** The same for a value that is computed only if somebody wants to see it. */
  public void report(String name, Supplier<Tensor> value) {
    if (run.observes(below(name))) {
      run.report(below(name), value.get());
    }
  }

  public boolean training() {
    return run.training();
  }

  /** The dropout seed in training, null otherwise and without dropout. */
  public @Nullable Tensor seed() {
    return dropping && run.training() ? run.seed() : null;
  }

  /** Which dropout mask belongs to a place: a stable hash of its path. */
  public long dropoutSite(String name) {
    return below(name).hashCode();
  }

  /** Dropout in training, x itself otherwise. */
  public Tensor dropout(String name, Tensor x, double probability) {
    Tensor seed = probability > 0 ? seed() : null;
    return seed == null ? x : Dropout.apply(x, seed, probability, dropoutSite(name));
  }
}
