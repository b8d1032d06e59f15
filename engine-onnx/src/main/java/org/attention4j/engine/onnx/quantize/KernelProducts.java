package org.attention4j.engine.onnx.quantize;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.onnxformat.proto.TensorProto;

/**
 * Products by the kernel's operator {@code BlockProduct}, over {@link PackedBlocks}. Only sessions
 * that load the kernel's library know it; no file that is exported holds it.
 */
public final class KernelProducts {
  /** The operator. */
  public static final String NAME = "BlockProduct";

  /** The operator's domain. */
  public static final String DOMAIN = "org.attention4j";

  private final Map<String, Long> vectors = new HashMap<>(); // lengths of constants of one axis
  private final Map<String, Integer> reads = new HashMap<>();

  private KernelProducts(GraphProto.Builder graph, List<TensorProto> constants) {
    for (TensorProto tensor : constants) {
      if (tensor.getDimsCount() == 1) {
        vectors.put(tensor.getName(), tensor.getDims(0));
      }
    }
    graph.getNodeList().forEach(node -> node.getInputList().forEach(this::read));
    graph.getOutputList().forEach(output -> read(output.getName()));
  }

  private void read(String name) {
    reads.merge(name, 1, Integer::sum);
  }

  /** A bias that is added to nothing but a product becomes the product's third operand. */
  static void foldBiases(GraphProto.Builder graph, List<TensorProto> constants) {
    new KernelProducts(graph, constants).fold(graph);
  }

  private void fold(GraphProto.Builder graph) {
    List<NodeProto> nodes = new ArrayList<>();
    Map<String, Integer> products = new HashMap<>(); // by their results
    for (NodeProto node : graph.getNodeList()) {
      int product = node.getOpType().equals("Add") ? product(node, nodes, products) : -1;
      if (product >= 0) {
        NodeProto.Builder joined = nodes.get(product).toBuilder();
        int bias = products.containsKey(node.getInput(0)) ? 1 : 0;
        joined.addInput(node.getInput(bias)).setOutput(0, node.getOutput(0));
        nodes.set(product, joined.build());
        continue;
      }
      if (node.getOpType().equals(NAME) && reads.getOrDefault(node.getOutput(0), 0) == 1) {
        products.put(node.getOutput(0), nodes.size());
      }
      nodes.add(node);
    }
    graph.clearNode().addAllNode(nodes);
  }

  /** Where the product stands that a node adds a bias to; -1 if it does not. */
  private int product(NodeProto sum, List<NodeProto> nodes, Map<String, Integer> products) {
    for (int side : new int[] {0, 1}) {
      Integer at = products.get(sum.getInput(side));
      Long length = vectors.get(sum.getInput(1 - side));
      if (at != null && length != null && length == outputs(nodes.get(at))) {
        return at;
      }
    }
    return -1;
  }

  private static long outputs(NodeProto product) {
    return product.getAttribute(0).getInts(0);
  }
}
