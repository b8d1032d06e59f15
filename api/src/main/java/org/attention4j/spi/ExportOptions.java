package org.attention4j.spi;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.Optimizer;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link Exporter} writes and what it checks.
 *
 * @param source name of the engine that the file must agree with
 * @param precision of the weights and of the computation in the file
 * @param weights how matrices of weights are written; a training step has them as they are
 * @param block weights that share a scale, in the formats that have blocks
 * @param examples inputs to compare on, of several batch and time sizes, at least one
 * @param tolerance largest absolute difference of any output that passes; for rounded weights
 *     {@link WeightFormat#leastCosine} counts instead
 * @param cache whether the file takes and returns the KV cache
 * @param externalData whether the weights go to a file of their own, whatever their size
 * @param attention how attention is written in a model; a training step is primitives
 * @param parts an encoder-decoder in files of its own; null for one file of whole runs
 * @param trainingStep an optimizer: write one training step (forward, backward, update) of a
 *     program with a {@code loss}; null: write the model
 * @param variant part of the models' file names, behind an underscore; empty for the plain names
 */
public record ExportOptions(
    String source,
    DType precision,
    WeightFormat weights,
    int block,
    List<Map<String, HostTensor>> examples,
    double tolerance,
    boolean cache,
    boolean externalData,
    AttentionForm attention,
    @Nullable EncoderParts parts,
    @Nullable Optimizer trainingStep,
    String variant) {

  public ExportOptions {
    examples = List.copyOf(examples);
    WeightFormat.checkBlock(block);
    if (examples.isEmpty()) {
      throw new UsageException("an export is checked on at least one example");
    }
    if (!(tolerance > 0)) {
      throw new UsageException("the tolerance of an export is positive, not " + tolerance);
    }
    if (!precision.isFloating()) {
      throw new UsageException("the precision is a floating type, not " + precision.label());
    }
    if (!variant.matches("[A-Za-z0-9]*")) {
      throw new UsageException(
          "a variant of file names has letters and digits, not '" + variant + "'");
    }
  }

  /** f32, no cache, tolerance 1e-4, weights inside the file where they fit, functions. */
  public static ExportOptions of(String source, List<Map<String, HostTensor>> examples) {
    return new ExportOptions(
        source,
        DType.F32,
        WeightFormat.FLOATING,
        WeightFormat.USUAL_BLOCK,
        examples,
        1e-4,
        false,
        false,
        AttentionForm.FUNCTION,
        null,
        null,
        "");
  }

  /** Floating type of the file, and the largest difference that passes in it. */
  public ExportOptions withPrecision(DType newPrecision, double newTolerance) {
    return with(
        draft -> {
          draft.precision = newPrecision;
          draft.tolerance = newTolerance;
        });
  }

  /** Whether the model takes and returns keys and values of earlier tokens. */
  public ExportOptions withCache(boolean on) {
    return with(draft -> draft.cache = on);
  }

  /** Whether weights lie in a file of their own, whatever their size. */
  public ExportOptions withExternalData(boolean on) {
    return with(draft -> draft.externalData = on);
  }

  /** One step of training in the place of the model: forward, backward, update. */
  public ExportOptions withTrainingStep(Optimizer optimizer) {
    return with(draft -> draft.trainingStep = optimizer);
  }

  /** How attention is written. */
  public ExportOptions withAttention(AttentionForm form) {
    return with(draft -> draft.attention = form);
  }

  /** An encoder-decoder as files of its parts; null for one file. */
  public ExportOptions withParts(@Nullable EncoderParts newParts) {
    return with(draft -> draft.parts = newParts);
  }

  /** How the matrices of linear layers are kept. */
  public ExportOptions withWeights(WeightFormat format) {
    return with(draft -> draft.weights = format);
  }

  /** Rounded weights in blocks of another size than {@link WeightFormat#USUAL_BLOCK}. */
  public ExportOptions withBlock(int size) {
    return with(draft -> draft.block = size);
  }

  /**
   * Names for a model that lies beside others of the same kind: {@code fp16} gives {@code
   * model_fp16.onnx}.
   */
  public ExportOptions withVariant(String newVariant) {
    return with(draft -> draft.variant = newVariant);
  }

  private ExportOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.done();
  }

  /** The same, open to change. */
  private static final class Draft {
    private final String source;
    private DType precision;
    private WeightFormat weights;
    private int block;
    private final List<Map<String, HostTensor>> examples;
    private double tolerance;
    private boolean cache;
    private boolean externalData;
    private AttentionForm attention;
    private @Nullable EncoderParts parts;
    private @Nullable Optimizer trainingStep;
    private String variant;

    Draft(ExportOptions from) {
      source = from.source;
      precision = from.precision;
      weights = from.weights;
      block = from.block;
      examples = from.examples;
      tolerance = from.tolerance;
      cache = from.cache;
      externalData = from.externalData;
      attention = from.attention;
      parts = from.parts;
      trainingStep = from.trainingStep;
      variant = from.variant;
    }

    ExportOptions done() {
      return new ExportOptions(
          source,
          precision,
          weights,
          block,
          examples,
          tolerance,
          cache,
          externalData,
          attention,
          parts,
          trainingStep,
          variant);
    }
  }
}
