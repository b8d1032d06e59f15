package org.attention4j.engine.onnx.lower;

import java.util.Map;
import java.util.Objects;
import org.attention4j.error.EngineException;
import org.attention4j.spi.AttentionForm;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * How a graph is written as ONNX.
 *
 * @param name the name of the graph in the file
 * @param precision what the graph's floating type becomes: f32, f16 or f64
 * @param attention how attention is written
 * @param axisNames what symbols of sizes are called in the file; others keep their name
 * @param metadata properties kept in the file
 * @param widening whether matrices stay as they are stored and the graph widens them; otherwise
 *     they are widened before
 * @param cache the element type of a cache that the kernel's operator writes in place; null if
 *     attention takes its keys and values as they come. In i8 each row of the cache has the bytes
 *     of its scale behind it
 */
public record Lowering(
    String name,
    DType precision,
    AttentionForm attention,
    Map<String, String> axisNames,
    Map<String, String> metadata,
    boolean widening,
    @Nullable DType cache) {

  static final String PAST = "past_key_values.";
  private static final String PRESENT = "present.";

  /** Bytes of the scale behind a row of a cache in i8. */
  private static final int SCALE = 4;

  /** Names that Optimum, transformers.js and onnxruntime-genai use. */
  private static final Map<String, String> OPTIMUM =
      Map.of(
          "batch",
          "batch_size",
          "time",
          "sequence_length",
          "past",
          "past_sequence_length",
          "source_time",
          "encoder_sequence_length");

  /** Refuses precisions that ONNX Runtime cannot compute in. */
  public Lowering {
    Objects.requireNonNull(name);
    if (precision != DType.F32 && precision != DType.F16 && precision != DType.F64) {
      throw new EngineException(
          "ONNX models can be written in f32, f16 or f64, not in " + precision.label());
    }
    axisNames = Map.copyOf(axisNames);
    metadata = Map.copyOf(metadata);
  }

  /** Primitives in the given precision, with Optimum's axis names and no metadata. */
  public static Lowering in(DType precision) {
    return new Lowering(
        "attention4j", precision, AttentionForm.PRIMITIVES, OPTIMUM, Map.of(), false, null);
  }

  /** A graph for a session of our own, with the names of sizes that the source has. */
  public static Lowering inMemory(DType precision) {
    return new Lowering(
        "attention4j", precision, AttentionForm.PRIMITIVES, Map.of(), Map.of(), false, null);
  }

  /** The same with other metadata. */
  public Lowering withMetadata(Map<String, String> entries) {
    return new Lowering(name, precision, attention, axisNames, entries, widening, cache);
  }

  /** The same with attention in another form. */
  public Lowering with(AttentionForm form) {
    return new Lowering(name, precision, form, axisNames, metadata, widening, cache);
  }

  /** The same with matrices widened by the graph or before. */
  public Lowering widening(boolean inGraph) {
    return new Lowering(name, precision, attention, axisNames, metadata, inGraph, cache);
  }

  /** The same with attention as the kernel's operator over a cache that it writes in place. */
  public Lowering over(DType inPlace) {
    return new Lowering(name, precision, attention, axisNames, metadata, widening, inPlace);
  }

  /** Version of the default operator set. */
  public int opset() {
    return attention == AttentionForm.OPSET23 ? 23 : GraphLowering.OPSET;
  }

  /** Version of the file format. */
  int irVersion() {
    return attention == AttentionForm.OPSET23 ? 11 : GraphLowering.IR_VERSION;
  }

  /** The element type in the file: the graph's f32 stands for the precision. */
  public DType real(DType nominal) {
    return nominal == DType.F32 ? precision : nominal;
  }

  /** The type of an input or output in the file. */
  public TensorType real(String name, TensorType nominal) {
    boolean entry = name.startsWith(PAST) || name.startsWith(PRESENT);
    if (cache == null || !entry) {
      return nominal.as(real(nominal.dtype()));
    }
    int width = nominal.rank() - 1; // of [batch, kv_heads, capacity, head_dim]
    TensorType stored = nominal.as(cache);
    return cache == DType.I8 ? stored.with(width, stored.dim(width).plus(SCALE)) : stored;
  }
}
