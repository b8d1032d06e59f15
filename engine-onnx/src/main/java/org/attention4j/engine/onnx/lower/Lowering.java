package org.attention4j.engine.onnx.lower;

import java.util.Map;
import java.util.Objects;
import org.attention4j.error.EngineException;
import org.attention4j.spi.AttentionForm;
import org.attention4j.tensor.DType;

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
 */
public record Lowering(
    String name,
    DType precision,
    AttentionForm attention,
    Map<String, String> axisNames,
    Map<String, String> metadata,
    boolean widening) {

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
        "attention4j", precision, AttentionForm.PRIMITIVES, OPTIMUM, Map.of(), false);
  }

  /** A graph for a session of our own, with the names of sizes that the source has. */
  public static Lowering inMemory(DType precision) {
    return new Lowering(
        "attention4j", precision, AttentionForm.PRIMITIVES, Map.of(), Map.of(), false);
  }

  /** The same with other metadata. */
  public Lowering withMetadata(Map<String, String> entries) {
    return new Lowering(name, precision, attention, axisNames, entries, widening);
  }

  /** The same with attention in another form. */
  public Lowering with(AttentionForm form) {
    return new Lowering(name, precision, form, axisNames, metadata, widening);
  }

  /** The same with matrices widened by the graph or before. */
  public Lowering widening(boolean inGraph) {
    return new Lowering(name, precision, attention, axisNames, metadata, inGraph);
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
}
