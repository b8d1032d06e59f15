package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.op.LayerNormalization;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A residual sum and its layer norm: ONNX Runtime's SkipLayerNormalization. Operands: x and y
 * [batch, time, width], then [width] each: weight, shift of the norm if {@code shifted}, bias of y
 * if {@code biased}. Results: the norm and the sum.
 */
record SkipNormalization(double epsilon, boolean shifted, boolean biased) implements Composite {
  private static final String DOMAIN = "com.microsoft";
  private static final String NAME = "SkipLayerNormalization";
  private static final int WEIGHT = 2;

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    return List.of(in.get(0), in.get(0));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor y = biased ? in.get(1).add(in.get(in.size() - 1)) : in.get(1);
    Tensor sum = in.get(0).add(y);
    LayerNormalization norm = new LayerNormalization(epsilon);
    Tensor weight = in.get(WEIGHT);
    return List.of(
        shifted ? sum.apply(norm, weight, in.get(WEIGHT + 1)) : sum.apply(norm, weight), sum);
  }

  /** The names of norm and sum. */
  List<String> lower(GraphBuilder graph, Operands in) {
    graph.domain(DOMAIN, 1);
    List<String> inputs = new ArrayList<>(in.names());
    if (biased && !shifted) {
      inputs.add(WEIGHT + 1, "");
    }
    List<String> results = List.of(graph.fresh(NAME + "_output"), graph.fresh(NAME + "_sum"));
    List<String> outputs = List.of(results.get(0), "", "", results.get(1)); // no mean, no variance
    graph.node(DOMAIN, NAME, inputs, outputs, Attributes.real("epsilon", epsilon));
    return results;
  }
}
