package org.attention4j.engine.onnx;

import java.util.List;
import java.util.Set;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.lower.StandardAttentionFold;
import org.attention4j.engine.onnx.quantize.Rounding;
import org.attention4j.engine.onnx.session.OnnxSession;
import org.attention4j.engine.onnx.session.OrtRuntime;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.engine.onnx.session.Signature;
import org.attention4j.engine.onnx.train.OnnxTrainer;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
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
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Runs models in ONNX Runtime: a graph is written as ONNX in memory, its weights read in their
 * files or shared with the host tensors, and opened as a session. Thread-safe.
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
   * org.attention4j.spi.WeightFormat}), {@code weights_block} (16 to 256: how many share a scale),
   * {@code cache_precision} (auto, f32, f16, bf16, int8: of the keys and values that a kernel keeps
   * while decoding; auto is int8 with weights in int8 or int4; int8 is bytes with one f32 scale for
   * each position of a key head, so an element is off by up to 1/254 of the largest of its
   * head_dim, and heads of 64 take 0.27 times the memory of f32), {@code prompt_weights} (like
   * weights: for the first step of a decoding, if it has 32 tokens or more; a second model in
   * memory), {@code products} (auto, none: whether the kernel's library multiplies by weights of
   * int8 and int4 in blocks of 32 or more, in f32; else ONNX Runtime does).
   *
   * <p>ONNX Runtime gets the graph without a cache at the first {@link Session#run} and those with
   * a cache at the first {@link Session#decode}: each keeps its own arrangement of the weights, and
   * most sessions only need one.
   */
  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    OrtSettings own = OrtSettings.of(options);
    AttentionKernel attention = AttentionKernel.of(options);
    OrtSettings settings = own.withOperators(attention.library(), attention.multiplies());
    Lowering lowering =
        Lowering.inMemory(options.precision())
            .with(attention.form())
            .widening(settings.foldsConstants());
    TraceOptions trace =
        TraceOptions.primitives().keeping(attention.claims()).observing(options.observe());
    Graph whole = program.graph(trace);
    settings.checkProvider();
    SessionModels models =
        new SessionModels(program, weights, attention, trace, lowering, settings);
    return new OnnxSession(
        Signature.of(whole, lowering),
        models.whole(whole),
        whole.outputTypes(),
        program::checkNames,
        models::decoders,
        "onnx: "
            + version()
            + ", "
            + settings.provider()
            + ", "
            + options.precision().label()
            + formats(settings)
            + ", "
            + whole.nodes().size()
            + " ops, "
            + attention
            + (attention.form() == AttentionForm.OPSET23
                ? ", " + StandardAttentionFold.count(whole, options.precision())
                : ""));
  }

  private static String formats(OrtSettings settings) {
    String text =
        settings.weights().equals(Rounding.NONE) ? "" : " with weights as " + settings.weights();
    if (!settings.prompts().equals(settings.weights())) {
      text += ", those of prompts as " + settings.prompts();
    }
    return settings.multipliesBlocks() ? text + ", blocks multiplied by the kernel" : text;
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    options.checkProperties(Set.of());
    return new OnnxTrainer(program, weights, options);
  }
}
