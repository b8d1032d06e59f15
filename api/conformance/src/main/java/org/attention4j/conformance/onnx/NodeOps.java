package org.attention4j.conformance.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.op.Activation;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.op.RmsNormalization;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** ONNX operators in terms of this library's ops; one function each. */
final class NodeOps {
  private static final double EPSILON = 1e-5;

  /**
   * An operator: the attributes that it may have, and its outputs. Precisions of what lies inside
   * ({@code stash_type}, {@code softmax_precision}) change nothing: here that is f32 at least.
   */
  record Operator(Set<String> attributes, Function<Node, List<Tensor>> results) {}

  private static final Map<String, Operator> ALL =
      Map.ofEntries(
          known(
              "Attention",
              AttentionNode::results,
              "is_causal",
              "kv_num_heads",
              "left_window_size",
              "q_num_heads",
              "qk_matmul_output_mode",
              "right_window_size",
              "scale",
              "softcap",
              "softmax_precision"),
          known("Gelu", NodeOps::gelu, "approximate"),
          known("LayerNormalization", NodeOps::layerNormalization, "axis", "epsilon", "stash_type"),
          known("RMSNormalization", NodeOps::rmsNormalization, "axis", "epsilon", "stash_type"),
          known("Softmax", n -> List.of(overAxis(n, Tensor::softmax)), "axis"),
          known("LogSoftmax", n -> List.of(overAxis(n, x -> x.apply(new LogSoftmax()))), "axis"),
          known("Mish", n -> List.of(n.input(0).apply(new Activation(Activation.Kind.MISH)))),
          known("Swish", n -> List.of(swish(n)), "alpha"),
          known("SwiGLU", n -> List.of(swish(n).mul(n.input(1))), "alpha"),
          known(
              "RotaryEmbedding",
              NodeOps::rotary,
              "interleaved",
              "num_heads",
              "rotary_embedding_dim"), // which the tables' width tells
          known("TensorScatter", NodeOps::tensorScatter, "axis", "mode"));

  private static Map.Entry<String, Operator> known(
      String name, Function<Node, List<Tensor>> results, String... attributes) {
    return Map.entry(name, new Operator(Set.of(attributes), results));
  }

  /** The operator of ONNX's own domain with this name, or null if it is not known. */
  static @Nullable Operator find(NodeProto node) {
    return node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx")
        ? ALL.get(node.getOpType())
        : null;
  }

  private NodeOps() {}

  private static List<Tensor> gelu(Node n) {
    boolean tanh = n.text("approximate", "none").equals("tanh");
    Activation.Kind kind = tanh ? Activation.Kind.GELU_TANH : Activation.Kind.GELU;
    return List.of(n.input(0).apply(new Activation(kind)));
  }

  /** x sigmoid(alpha x). */
  private static Tensor swish(Node n) {
    Tensor x = n.input(0);
    double alpha = n.real("alpha", 1);
    return alpha == 1
        ? x.apply(new Activation(Activation.Kind.SILU))
        : x.mul(x.mul(alpha).apply(new Activation(Activation.Kind.SIGMOID)));
  }

  /** All axes from {@code axis} on as one. */
  private static Tensor flat(Tensor x, int axis) {
    return x.merge(axis, x.rank() - axis);
  }

  /** A scale or bias over the normalised axes, as a vector. */
  private static Tensor vector(Tensor weight, Tensor x, int axis) {
    Tensor full = weight.expand(x.type().dims().subList(axis, x.rank()));
    return full.merge(0, full.rank());
  }

  private static List<Tensor> layerNormalization(Node n) {
    Tensor x = n.input(0);
    int axis = x.type().axis(n.integer("axis", -1));
    double epsilon = n.real("epsilon", EPSILON);
    Tensor rows = flat(x, axis); // [lead.., width]
    Tensor weight = vector(n.input(1), x, axis);
    Tensor bias = n.find(2);
    LayerNormalization op = new LayerNormalization(epsilon);
    Tensor y =
        bias == null ? rows.apply(op, weight) : rows.apply(op, weight, vector(bias, x, axis));
    Tensor mean = rows.mean(-1);
    Tensor centred = rows.sub(mean);
    Tensor deviation = centred.mul(centred).mean(-1).add(epsilon).sqrt().reciprocal();
    List<Dim> shape = new ArrayList<>(x.type().dims().subList(0, axis));
    shape.addAll(Collections.nCopies(x.rank() - axis, Dim.of(1)));
    return List.of(y.reshape(x.type().dims()), mean.reshape(shape), deviation.reshape(shape));
  }

  private static List<Tensor> rmsNormalization(Node n) {
    Tensor x = n.input(0);
    int axis = x.type().axis(n.integer("axis", -1));
    RmsNormalization op = new RmsNormalization(n.real("epsilon", EPSILON));
    Tensor y = flat(x, axis).apply(op, vector(n.input(1), x, axis));
    return List.of(y.reshape(x.type().dims()));
  }

  /** A function of the last axis, over another one. */
  private static Tensor overAxis(Node n, Function<Tensor, Tensor> function) {
    Tensor x = n.input(0);
    int axis = x.type().axis(n.integer("axis", -1));
    List<Integer> swapped = new ArrayList<>(IntStream.range(0, x.rank()).boxed().toList());
    Collections.swap(swapped, axis, x.rank() - 1);
    Integer[] axes = swapped.toArray(Integer[]::new);
    return function.apply(x.permute(axes)).permute(axes); // a swap undoes itself
  }

  private static List<Tensor> rotary(Node n) {
    Tensor given = n.input(0);
    boolean flat = given.rank() == 3;
    Tensor x = flat ? heads(given, n.integer("num_heads", 1)) : given;
    Tensor cos = n.input(1);
    Tensor sin = n.input(2);
    Tensor positions = n.find(3);
    if (positions != null) {
      cos = cos.take(positions); // [batch, time, pairs]
      sin = sin.take(positions);
    }
    boolean interleaved = n.integer("interleaved", 0) != 0;
    Tensor y = RotaryEmbedding.rotate(x, cos.insert(1), sin.insert(1), interleaved);
    return List.of(flat ? joined(y) : y);
  }

  /** [batch, time, heads * head_dim] to [batch, heads, time, head_dim]. */
  static Tensor heads(Tensor x, int heads) {
    return x.split(-1, heads, x.type().size(-1) / heads).permute(0, 2, 1, 3);
  }

  /** [batch, heads, time, head_dim] to [batch, time, heads * head_dim]. */
  static Tensor joined(Tensor x) {
    return x.permute(0, 2, 1, 3).merge(-2, 2);
  }

  /** Rows of the cache from a batch's write index on are replaced, around the end if circular. */
  private static List<Tensor> tensorScatter(Node n) {
    Tensor past = n.input(0);
    Tensor update = n.input(1);
    int axis = past.type().axis(n.integer("axis", -2));
    int slots = past.type().size(axis);
    int fresh = update.type().size(axis);
    Tensor start = n.find(2);
    Tensor slot = past.iota(Dim.of(slots)); // [slots]
    Tensor source = start == null ? slot.insert(0) : slot.sub(start.insert(1)).add(slots);
    source = source.sub(source.div(slots).mul(slots)); // [batch, slots], modulo the slots
    List<Dim> shape = new ArrayList<>(Collections.nCopies(past.rank(), Dim.of(1)));
    shape.set(0, source.dim(0));
    shape.set(axis, Dim.of(slots));
    Tensor row = source.reshape(shape);
    Tensor at = row.min(fresh - 1).expand(past.type().dims());
    return List.of(row.lt(fresh).where(update.takeAlong(axis, at), past));
  }
}
