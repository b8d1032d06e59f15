package org.attention4j.engine.onnx;

import java.util.List;
import java.util.Set;
import org.attention4j.engine.onnx.export.Caches;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.GroupedQueryFold;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.lower.StandardAttentionFold;
import org.attention4j.engine.onnx.quantize.Quantizer;
import org.attention4j.engine.onnx.session.LazyModel;
import org.attention4j.engine.onnx.session.OnnxSession;
import org.attention4j.engine.onnx.session.OrtModel;
import org.attention4j.engine.onnx.session.OrtRuntime;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.engine.onnx.session.Signature;
import org.attention4j.engine.onnx.train.OnnxTrainer;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.op.Attention;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Availability;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Support;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.WeightFormat;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * Runs models in ONNX Runtime: a graph is written as ONNX in memory, its weights shared with the
 * host tensors, and opened as a session. Thread-safe.
 */
public final class OnnxEngine implements Engine {

  /** For the ServiceLoader; does no work. */
  public OnnxEngine() {}

  @Override
  public String name() {
    return "onnx";
  }

  @Override
  public String version() {
    return "ONNX Runtime " + OrtRuntime.version() + ", opset " + GraphLowering.OPSET;
  }

  @Override
  public Availability availability() {
    return OrtRuntime.availability();
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    if (mode == Mode.TRAINING) {
      return Support.no("opset 17 has no gradients; training steps are written as primitives");
    }
    if (op instanceof Attention) {
      return AttentionKernel.of(SessionOptions.defaults()).supports(op, operands);
    }
    return GraphLowering.claims(DType.F32).test(op, operands)
        ? Support.yes()
        : Support.no("opset 17 has no such operator; it is written as primitives");
  }

  /**
   * {@inheritDoc}
   *
   * <p>Properties: {@code optimization} (none, basic, extended, all), {@code parallel_operators},
   * {@code spinning} (true, false), {@code attention} (auto, none, gqa, opset23, or the name of a
   * kernel), {@code weights} (floating, int8, int8_dynamic, int4: see {@link
   * org.attention4j.spi.WeightFormat}).
   *
   * <p>ONNX Runtime gets the graph without a cache at the first {@link Session#run} and the one
   * with a cache at the first {@link Session#decode}: each keeps its own arrangement of the
   * weights, and most sessions only need one.
   */
  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    OrtSettings own = OrtSettings.of(options);
    AttentionKernel attention = AttentionKernel.of(options);
    OrtSettings settings = own.withOperators(attention.library());
    Lowering lowering =
        Lowering.inMemory(options.precision())
            .with(attention.form())
            .widening(settings.foldsConstants() && settings.weights() == WeightFormat.FLOATING);
    TraceOptions trace =
        TraceOptions.primitives().keeping(attention.claims()).observing(options.observe());
    Graph whole = program.graph(trace);
    settings.checkProvider();
    Signature signature = Signature.of(whole, lowering);
    OnnxModel model = GraphLowering.lower(whole, weights, lowering);
    return new OnnxSession(
        signature,
        new LazyModel(() -> open(model, signature, settings)),
        whole.outputTypes(),
        program::checkNames,
        () -> decoders(program, weights, attention, trace, lowering, settings),
        "onnx: "
            + version()
            + ", "
            + settings.provider()
            + ", "
            + options.precision().label()
            + (settings.weights() == WeightFormat.FLOATING
                ? ", "
                : " with weights as " + settings.weights().label() + ", ")
            + whole.nodes().size()
            + " ops, "
            + attention
            + (attention.form() == AttentionForm.OPSET23
                ? ", " + StandardAttentionFold.count(whole, options.precision())
                : ""));
  }

  private static OrtModel open(
      Graph graph, Weights weights, Lowering lowering, OrtSettings settings) {
    return open(
        GraphLowering.lower(graph, weights, lowering), Signature.of(graph, lowering), settings);
  }

  private static OrtModel open(OnnxModel model, Signature signature, OrtSettings settings) {
    return OrtModel.open(Quantizer.apply(model, settings.weights()), signature, settings);
  }

  private static OnnxSession.Decoders decoders(
      Program program,
      Weights weights,
      AttentionKernel attention,
      TraceOptions trace,
      Lowering lowering,
      OrtSettings settings) {
    if (attention.mayWriteInPlace()) {
      DType precision = lowering.precision();
      Graph step =
          program.graph(
              trace
                  .keeping(GraphLowering.claims(precision, AttentionForm.GQA))
                  .withCache(CacheMode.STATIC));
      if (GroupedQueryFold.servesWholeCache(step, precision)) {
        OrtModel model = open(step, weights, lowering.with(AttentionForm.GQA), settings);
        return new OnnxSession.Decoders(null, model, null);
      }
      attention.requireInPlace(false);
    }
    Graph step = program.graph(trace.withCache(CacheMode.STEP));
    OrtModel prefillModel = null;
    if (!Caches.stepMayBegin(step)) {
      Graph prefill = program.graph(trace.withCache(CacheMode.PREFILL));
      prefillModel = open(prefill, weights, lowering, settings);
    }
    try {
      OrtModel stepModel = open(step, weights, lowering, settings);
      return new OnnxSession.Decoders(prefillModel, stepModel, Caches.PAST);
    } catch (RuntimeException e) {
      close(prefillModel);
      throw e;
    }
  }

  private static void close(@Nullable OrtModel model) {
    if (model != null) {
      model.close();
    }
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    options.checkProperties(Set.of());
    return new OnnxTrainer(program, weights, options);
  }
}
