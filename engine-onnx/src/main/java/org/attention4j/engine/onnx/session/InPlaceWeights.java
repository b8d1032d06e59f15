package org.attention4j.engine.onnx.session;

import java.util.HashSet;
import java.util.Set;
import org.attention4j.engine.onnx.quantize.KernelProducts;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.NodeProto;

/**
 * Which weights ONNX Runtime may read where they are for as long as a session lives. It copies all
 * others: what its optimizer rewrites under the same name (it moves transpositions through
 * additions and the like, and turns constants with them) must not be replaced by the original.
 * Products and tables are never rewritten so, and hold nearly all of a model's bytes.
 */
final class InPlaceWeights {
  private InPlaceWeights() {}

  /** Names of weights that are only multiplied by, or only read by rows. */
  static Set<String> of(OnnxModel model) {
    GraphProto graph = model.proto().getGraph();
    Set<String> names = new HashSet<>(model.weights().keySet());
    for (NodeProto node : graph.getNodeList()) {
      for (int i = 0; i < node.getInputCount(); i++) {
        if (!inPlace(node, i)) {
          names.remove(node.getInput(i));
        }
      }
    }
    return names;
  }

  /** Names of weights that the kernel multiplies by. */
  static Set<String> ofKernel(OnnxModel model) {
    Set<String> names = new HashSet<>();
    for (NodeProto node : model.proto().getGraph().getNodeList()) {
      if (isKernelProduct(node) && model.weights().containsKey(node.getInput(1))) {
        names.add(node.getInput(1));
      }
    }
    return names;
  }

  private static boolean isKernelProduct(NodeProto node) {
    return node.getDomain().equals(KernelProducts.DOMAIN)
        && node.getOpType().equals(KernelProducts.NAME);
  }

  private static boolean inPlace(NodeProto node, int input) {
    if (isKernelProduct(node)) {
      return input == 1;
    }
    return node.getDomain().isEmpty()
        && switch (node.getOpType()) {
          case "MatMul", "Gemm" -> input == 1;
          case "Gather" -> input == 0;
          case "Cast" -> true; // of a weight: folded under a new name
          default -> false;
        };
  }
}
