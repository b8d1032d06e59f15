package org.attention4j.engine.onnx.lower;

import java.util.List;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;

/**
 * Writes {@link CachedAttention} as the node {@code CachedAttention} of the domain {@code
 * org.attention4j}, which only the library of kernels knows: it is for sessions, not for files. Its
 * {@code code} is that of the attention over the cache; the flags of key and value tell how the
 * fresh rows lie. Results: output, present key and value, of the past's shapes.
 */
final class CachedAttentionLowering {
  private static final String NAME = "CachedAttention";

  private final GraphBuilder graph;

  CachedAttentionLowering(GraphBuilder graph) {
    this.graph = graph;
  }

  /** Whether the kernel's operator has such attention over a cache that is written in place. */
  static boolean expresses(Attention op, List<TensorType> operands, DType precision) {
    return op.start() == null
        && !op.logSumExp()
        && AttentionFunctions.expresses(op, operands, precision);
  }

  /** The names of output, key and value. */
  List<String> lower(CachedAttention op, Operands in) {
    graph.domain(AttentionFunctions.DOMAIN, AttentionFunctions.VERSION);
    List<String> results =
        List.of(
            graph.fresh(NAME + "_output"),
            graph.fresh(NAME + "_key"),
            graph.fresh(NAME + "_value"));
    List<Long> code = AttentionCode.encode(op.of(), op.ownTypes(in.types()), op.timeFirst());
    graph.node(
        AttentionFunctions.DOMAIN,
        NAME,
        in.names(),
        results,
        Attributes.integers(AttentionFunctions.CODE, code));
    return results;
  }
}
