package org.attention4j.engine.onnx.quantize;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.ElementTypes;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.Weight;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.ModelProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.onnxformat.proto.OperatorSetIdProto;
import org.attention4j.spi.WeightFormat;
import org.attention4j.tensor.DType;
import org.jspecify.annotations.Nullable;

/**
 * Replaces products with matrices of weights by ONNX Runtime's operators for rounded ones. Tables
 * that are looked up, norms and biases stay as they are, and so does a matrix that is looked up as
 * well: it is written in both forms. A matrix is rounded when the model is written or opened, one
 * after the other.
 */
public final class Quantizer {
  private static final String DOMAIN = "com.microsoft";

  /** ONNX Runtime rounds activations to 8 bits, too, and multiplies whole numbers. */
  private static final int ACCURACY_LEVEL = 4;

  private final OnnxModel model;
  private final Rounding rounding;
  private final boolean kernel;
  private final Map<String, Weight> added = new LinkedHashMap<>();
  private final Map<String, Weight> widened = new HashMap<>(); // by the names of Casts' results
  private final Scratch stored = new Scratch();
  private final Scratch rounded = new Scratch();

  private Quantizer(OnnxModel model, Rounding rounding, boolean kernel) {
    this.model = model;
    this.rounding = rounding;
    this.kernel = kernel;
  }

  /** The model with its weights rounded, in ONNX Runtime's own operators. */
  public static OnnxModel apply(OnnxModel model, Rounding rounding) {
    return apply(model, rounding, false);
  }

  /**
   * The model with its weights rounded.
   *
   * @param kernel whether {@link KernelProducts} multiply by blocks where they can: in f32, by
   *     blocks of 32 or more
   */
  public static OnnxModel apply(OnnxModel model, Rounding rounding, boolean kernel) {
    return rounding.format() == WeightFormat.FLOATING
        ? model
        : new Quantizer(model, rounding, kernel).rewritten();
  }

  private OnnxModel rewritten() {
    GraphProto source = model.proto().getGraph();
    GraphProto.Builder graph = source.toBuilder().clearNode().clearInitializer();
    source.getNodeList().forEach(this::note);
    for (NodeProto node : source.getNodeList()) {
      Weight weight = weight(node);
      if (weight == null) {
        graph.addNode(node);
      } else {
        graph.addAllNode(product(node, weight));
      }
    }
    dropUnread(graph);
    KernelProducts.foldBiases(graph, source.getInitializerList());
    Set<String> read = new HashSet<>();
    graph.getNodeList().forEach(node -> read.addAll(node.getInputList()));
    graph.getOutputList().forEach(output -> read.add(output.getName()));
    Map<String, Weight> weights = new LinkedHashMap<>(model.weights());
    weights.keySet().retainAll(read);
    source.getInitializerList().stream()
        .filter(tensor -> read.contains(tensor.getName()))
        .forEach(graph::addInitializer);
    added.forEach((name, tensor) -> graph.addInitializer(OnnxModel.initializer(name, tensor)));
    weights.putAll(added);
    ModelProto.Builder result = model.proto().toBuilder().setGraph(graph);
    for (String domain : List.of(DOMAIN, KernelProducts.DOMAIN)) {
      boolean used = graph.getNodeList().stream().anyMatch(n -> n.getDomain().equals(domain));
      if (used
          && result.getOpsetImportList().stream().noneMatch(s -> s.getDomain().equals(domain))) {
        result.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(1));
      }
    }
    return new OnnxModel(result.build(), weights);
  }

  /** A matrix that is stored in fewer bits than the graph computes in is read through its Cast. */
  private void note(NodeProto node) {
    Weight narrow =
        node.getOpType().equals("Cast") && node.getDomain().isEmpty()
            ? model.weights().get(node.getInput(0))
            : null;
    if (narrow != null
        && !narrow.isConverted()
        && narrow.dtype().isFloating()
        && node.getAttribute(0).getI() == ElementTypes.code(DType.F32)) {
      widened.put(node.getOutput(0), Weight.in(DType.F32, narrow.tensor()));
    }
  }

  /** Takes away Casts of what is rounded now. */
  private void dropUnread(GraphProto.Builder graph) {
    Set<String> read = new HashSet<>();
    graph.getNodeList().forEach(node -> read.addAll(node.getInputList()));
    graph.getOutputList().forEach(output -> read.add(output.getName()));
    List<NodeProto> kept = new ArrayList<>(graph.getNodeList());
    kept.removeIf(
        node -> widened.containsKey(node.getOutput(0)) && !read.contains(node.getOutput(0)));
    graph.clearNode().addAllNode(kept);
  }

  /** The matrix that a node multiplies by; null if it is not such a product. */
  private @Nullable Weight weight(NodeProto node) {
    boolean product = node.getOpType().equals("MatMul") || isTransposed(node);
    String name = product ? node.getInput(1) : "";
    Weight weight = widened.getOrDefault(name, model.weights().get(name));
    return weight != null && weight.shape().length == 2 && weight.dtype().isFloating()
        ? weight
        : null;
  }

  private static boolean isTransposed(NodeProto node) {
    return node.getOpType().equals("Gemm")
        && node.getAttributeList().stream()
            .allMatch(a -> a.getName().equals("transB") && a.getI() == 1)
        && node.getAttributeCount() == 1;
  }

  private List<NodeProto> product(NodeProto node, Weight weight) {
    boolean transposed = isTransposed(node);
    Matrix matrix = new Matrix(weight, transposed, stored);
    String bias = node.getInputCount() > 2 ? node.getInput(2) : "";
    String name =
        node.getInput(1) + (transposed ? "" : ".transposed") + "." + rounding.format().label();
    return rounding.format() == WeightFormat.INT8_DYNAMIC
        ? List.of(dynamic(node, name, matrix, bias))
        : blocks(node, name, matrix, bias);
  }

  private void add(String name, RoundedMatrix matrix) {
    added.put(name, matrix.values());
    added.put(name + ".scales", matrix.scales());
  }

  private NodeProto dynamic(NodeProto node, String name, Matrix matrix, String bias) {
    if (!added.containsKey(name)) {
      add(name, ColumnWeights.of(matrix, rounded));
    }
    List<String> operands =
        new ArrayList<>(List.of(node.getInput(0), name, name + ".scales", "", bias));
    while (operands.get(operands.size() - 1).isEmpty()) {
      operands.remove(operands.size() - 1);
    }
    return node(node, "DynamicQuantizeMatMul", operands, node.getOutput(0), List.of());
  }

  private List<NodeProto> blocks(NodeProto node, String name, Matrix matrix, String bias) {
    int bits = rounding.format() == WeightFormat.INT4 ? 4 : 8;
    String output = bias.isEmpty() ? node.getOutput(0) : node.getOutput(0) + "/product";
    boolean packed =
        kernel
            && matrix.weight().dtype() == DType.F32
            && PackedBlocks.hasBlocksOf(rounding.block())
            && PackedBlocks.hold(matrix, bits, rounding.block());
    NodeProto product =
        packed
            ? ofKernel(node, name + ".packed", matrix, bits, output)
            : ofRuntime(node, name, matrix, bits, output);
    if (bias.isEmpty()) {
      return List.of(product);
    }
    NodeProto sum =
        NodeProto.newBuilder()
            .setName(node.getName() + "/Add")
            .setOpType("Add")
            .addInput(output)
            .addInput(bias)
            .addOutput(node.getOutput(0))
            .build();
    return List.of(product, sum);
  }

  private NodeProto ofKernel(NodeProto node, String name, Matrix matrix, int bits, String output) {
    added.computeIfAbsent(name, n -> PackedBlocks.of(matrix, bits, rounding.block()));
    List<Integer> code = List.of(matrix.outputs(), matrix.inputs(), rounding.block(), bits);
    return NodeProto.newBuilder()
        .setName(node.getName())
        .setDomain(KernelProducts.DOMAIN)
        .setOpType(KernelProducts.NAME)
        .addInput(node.getInput(0))
        .addInput(name)
        .addOutput(output)
        .addAttribute(Attributes.integers("code", code))
        .build();
  }

  private NodeProto ofRuntime(NodeProto node, String name, Matrix matrix, int bits, String output) {
    if (!added.containsKey(name)) {
      add(name, BlockWeights.of(matrix, bits, rounding.block()));
    }
    List<AttributeProto> attributes =
        List.of(
            Attributes.integer("K", matrix.inputs()),
            Attributes.integer("N", matrix.outputs()),
            Attributes.integer("bits", bits),
            Attributes.integer("block_size", rounding.block()),
            Attributes.integer("accuracy_level", ACCURACY_LEVEL));
    List<String> operands = List.of(node.getInput(0), name, name + ".scales");
    return node(node, "MatMulNBits", operands, output, attributes);
  }

  private static NodeProto node(
      NodeProto like,
      String type,
      List<String> inputs,
      String output,
      List<AttributeProto> attributes) {
    return NodeProto.newBuilder()
        .setName(like.getName())
        .setDomain(DOMAIN)
        .setOpType(type)
        .addAllInput(inputs)
        .addOutput(output)
        .addAllAttribute(attributes)
        .build();
  }
}
