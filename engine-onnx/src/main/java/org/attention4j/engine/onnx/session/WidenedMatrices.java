package org.attention4j.engine.onnx.session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.onnxformat.ElementTypes;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.Weight;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.tensor.DType;

/**
 * Takes Casts of large matrices out of a graph. ONNX Runtime computes all of them before it
 * rearranges the first matrix, and has each twice while it does so: at its worst a model takes as
 * much as all its matrices in f32 and the largest once more. What comes out of a file instead is
 * not there before its turn. That pays only where a matrix is a large part of the model, such as
 * the tied table of a small one.
 */
final class WidenedMatrices {
  /** What a model may take beyond its matrices, as a share of them. */
  private static final double BEYOND = 0.1;

  private static final int F64 = ElementTypes.code(DType.F64);

  private WidenedMatrices() {}

  /** A Cast of a weight to more bits. */
  private record Widening(NodeProto cast, Weight narrow, DType dtype) {
    String name() {
      return cast.getOutput(0);
    }

    Weight wide() {
      return Weight.in(dtype, narrow.tensor());
    }

    long bytes() {
      return narrow.bytes() / narrow.dtype().bytes() * dtype.bytes();
    }
  }

  /**
   * The model with as many matrices widened before as it takes; itself if there is none, or if the
   * file would be memory, too.
   */
  static OnnxModel of(OnnxModel model) {
    List<Widening> taken = taken(widenings(model));
    return taken.isEmpty() || TemporaryWeights.areMemory() ? model : without(model, taken);
  }

  private static List<Widening> widenings(OnnxModel model) {
    List<Widening> all = new ArrayList<>();
    for (NodeProto node : model.proto().getGraph().getNodeList()) {
      Weight weight =
          node.getOpType().equals("Cast") && node.getDomain().isEmpty()
              ? model.weights().get(node.getInput(0))
              : null;
      if (weight != null && !weight.isConverted()) {
        DType wide = node.getAttribute(0).getI() == F64 ? DType.F64 : DType.F32;
        if (node.getAttribute(0).getI() == ElementTypes.code(wide)
            && weight.dtype().isFloating()
            && weight.dtype().bytes() < wide.bytes()) {
          all.add(new Widening(node, weight, wide));
        }
      }
    }
    all.sort(Comparator.comparingLong(Widening::bytes).reversed());
    return all;
  }

  /** The largest, until neither those in the file nor those that stay can take too much. */
  private static List<Widening> taken(List<Widening> all) {
    long total = all.stream().mapToLong(Widening::bytes).sum();
    List<Widening> taken = new ArrayList<>();
    double allowed = total * BEYOND;
    long staying = total;
    for (Widening next : all) {
      // the largest from the file comes first, beside those that stay
      long first = taken.isEmpty() ? 0 : 2 * taken.get(0).bytes();
      if (next.bytes() <= allowed && staying + first <= total + allowed) {
        break;
      }
      taken.add(next);
      staying -= next.bytes();
    }
    return total < TemporaryWeights.SMALL ? List.of() : taken;
  }

  private static OnnxModel without(OnnxModel model, List<Widening> taken) {
    Set<String> gone = new HashSet<>();
    taken.forEach(widening -> gone.add(widening.name()));
    Map<String, Weight> weights = new LinkedHashMap<>(model.weights());
    GraphProto source = model.proto().getGraph();
    GraphProto.Builder graph = source.toBuilder().clearNode().clearInitializer();
    Set<String> read = new HashSet<>();
    for (NodeProto node : source.getNodeList()) {
      if (!gone.contains(node.getOutput(0))) {
        graph.addNode(node);
        read.addAll(node.getInputList());
      }
    }
    source.getInitializerList().stream()
        .filter(tensor -> read.contains(tensor.getName()))
        .forEach(graph::addInitializer);
    weights.keySet().retainAll(read);
    for (Widening widening : taken) {
      Weight wide = widening.wide();
      graph.addInitializer(OnnxModel.initializer(widening.name(), wide));
      weights.put(widening.name(), wide);
    }
    return new OnnxModel(model.proto().toBuilder().setGraph(graph).build(), weights);
  }
}
