package org.attention4j.engine.onnx;

import org.attention4j.engine.onnx.export.Caches;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.GroupedQueryFold;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.lower.SkipNormFold;
import org.attention4j.engine.onnx.quantize.Quantizer;
import org.attention4j.engine.onnx.quantize.Rounding;
import org.attention4j.engine.onnx.session.LazyModel;
import org.attention4j.engine.onnx.session.OnnxSession;
import org.attention4j.engine.onnx.session.OrtModel;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.engine.onnx.session.Signature;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/** The ONNX Runtime models that one session may need, all over the same weights. */
record SessionModels(
    Program program,
    Weights weights,
    AttentionKernel attention,
    TraceOptions trace,
    Lowering lowering,
    OrtSettings settings) {

  /** The graph without a cache, written now, so that what cannot be is known, and opened later. */
  LazyModel whole(Graph graph) {
    OnnxModel written = write(graph, lowering);
    Signature signature = Signature.of(graph, lowering);
    return new LazyModel(() -> open(written, signature, settings.weights()));
  }

  private OrtModel open(Graph graph, Lowering form, Rounding rounding) {
    return open(write(graph, form), Signature.of(graph, form), rounding);
  }

  private OnnxModel write(Graph graph, Lowering form) {
    boolean joinable = form.precision() == DType.F32 && settings.provider().equals("cpu");
    return GraphLowering.lower(joinable ? SkipNormFold.fold(graph) : graph, weights, form);
  }

  private OrtModel open(OnnxModel model, Signature signature, Rounding rounding) {
    return OrtModel.open(Quantizer.apply(model, rounding), signature, settings);
  }

  /** Opens what a decoding needs. */
  OnnxSession.Decoders decoders() {
    if (attention.mayWriteInPlace()) {
      OnnxSession.Decoders inPlace = inPlace();
      attention.requireInPlace(inPlace != null);
      if (inPlace != null) {
        return inPlace;
      }
    }
    Graph step = program.graph(trace.withCache(CacheMode.STEP));
    OrtModel prefill =
        Caches.stepMayBegin(step) ? null : open(prefill(), lowering, settings.prompts());
    try {
      OrtModel later = open(step, lowering, settings.weights());
      return new OnnxSession.Decoders(prefill, later, Caches.PAST, null);
    } catch (RuntimeException e) {
      if (prefill != null) {
        prefill.close();
      }
      throw e;
    }
  }

  /** The first step of a decoding. */
  private Graph prefill() {
    return program.graph(trace.withCache(CacheMode.PREFILL));
  }

  /** With a cache that is written in place; null if the model's attention does not allow that. */
  private OnnxSession.@Nullable Decoders inPlace() {
    DType precision = lowering.precision();
    Graph step =
        program.graph(
            trace
                .keeping(GraphLowering.claims(precision, AttentionForm.GQA))
                .withCache(CacheMode.STATIC));
    if (!GroupedQueryFold.servesWholeCache(step, precision)) {
      return null;
    }
    boolean kernel = attention.choice().kernel().isPresent() && !attention.inPlace();
    boolean other = kernel || !settings.prompts().equals(settings.weights());
    LazyModel prompts =
        other ? new LazyModel(() -> open(prefill(), lowering, settings.prompts())) : null;
    OrtModel model = open(step, lowering.with(AttentionForm.GQA), settings.weights());
    return new OnnxSession.Decoders(null, model, null, prompts);
  }
}
