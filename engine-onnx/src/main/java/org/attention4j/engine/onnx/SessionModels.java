package org.attention4j.engine.onnx;

import org.attention4j.engine.onnx.export.Caches;
import org.attention4j.engine.onnx.lower.CachedAttentionFold;
import org.attention4j.engine.onnx.lower.GraphLowering;
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
    return OrtModel.open(
        Quantizer.apply(model, rounding, settings.products()), signature, settings);
  }

  /** Opens what a decoding needs. */
  OnnxSession.Decoders decoders() {
    OnnxSession.Decoders inPlace = inPlace();
    if (inPlace != null) {
      return inPlace;
    }
    Graph step = program.graph(trace.withCache(CacheMode.STEP));
    OrtModel prefill =
        Caches.stepMayBegin(step)
            ? null
            : open(program.graph(trace.withCache(CacheMode.PREFILL)), lowering, settings.prompts());
    try {
      OrtModel later = open(step, lowering, settings.weights());
      return OnnxSession.Decoders.growing(prefill, later, Caches.PAST);
    } catch (RuntimeException e) {
      if (prefill != null) {
        prefill.close();
      }
      throw e;
    }
  }

  /**
   * With a cache that is written in place, by the kernel or else by ONNX Runtime's operator; null
   * if the model's attention allows neither.
   */
  private OnnxSession.@Nullable Decoders inPlace() {
    DType cache = attention.cache();
    if (cache != null) {
      Graph step = program.graph(trace.withCache(CacheMode.STATIC));
      Lowering own = lowering.over(cache);
      if (CachedAttentionFold.servesWholeCache(step, own)) {
        return inPlace(step, own, true);
      }
    }
    attention.requireCache();
    if (attention.mayGroupQueries()) {
      Graph step =
          program.graph(
              trace
                  .keeping(GraphLowering.claims(lowering.precision(), AttentionForm.GQA))
                  .withCache(CacheMode.STATIC));
      Lowering grouped = lowering.with(AttentionForm.GQA);
      boolean serves = CachedAttentionFold.servesWholeCache(step, grouped);
      attention.requireGrouped(serves);
      return serves ? inPlace(step, grouped, false) : null;
    }
    return null;
  }

  private OnnxSession.Decoders inPlace(Graph step, Lowering form, boolean batches) {
    LazyModel prompts =
        settings.prompts().equals(settings.weights())
            ? null
            : new LazyModel(() -> open(step, form, settings.prompts()));
    return OnnxSession.Decoders.inPlace(open(step, form, settings.weights()), prompts, batches);
  }
}
