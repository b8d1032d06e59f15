package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * An {@link Attention} some of whose tensors are stored [batch, time, heads, head_dim], as linear
 * layers make and take them, so that nobody needs to transpose them.
 *
 * @param of what is computed
 * @param timeFirst which tensors are stored so: flags of {@link AttentionCode#TIME_FIRST}
 */
record LaidOutAttention(Attention of, long timeFirst) implements Composite {
  /** The flags of query, key and value. */
  static final List<Long> OPERAND_FLAGS =
      List.of(
          AttentionCode.QUERY_TIME_FIRST,
          AttentionCode.KEY_TIME_FIRST,
          AttentionCode.VALUE_TIME_FIRST);

  @Override
  public LaidOutAttention bind(Map<String, Long> sizes) {
    return new LaidOutAttention(of.bind(sizes), timeFirst);
  }

  private boolean has(long flag) {
    return (timeFirst & flag) != 0;
  }

  /** The types that the op itself has. */
  List<TensorType> ownTypes(List<TensorType> in) {
    List<TensorType> own = new ArrayList<>(in);
    for (int i = 0; i < OPERAND_FLAGS.size(); i++) {
      own.set(i, has(OPERAND_FLAGS.get(i)) ? swapped(in.get(i)) : in.get(i));
    }
    return own;
  }

  private static TensorType swapped(TensorType type) {
    return type.with(List.of(type.dim(0), type.dim(2), type.dim(1), type.dim(3)));
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    List<TensorType> results = new ArrayList<>(of.infer(ownTypes(in)));
    if (has(AttentionCode.OUTPUT_TIME_FIRST)) {
      results.set(0, swapped(results.get(0)));
    }
    return results;
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    List<Tensor> own = new ArrayList<>(in);
    for (int i = 0; i < OPERAND_FLAGS.size(); i++) {
      own.set(i, has(OPERAND_FLAGS.get(i)) ? in.get(i).permute(0, 2, 1, 3) : in.get(i));
    }
    List<Tensor> results = new ArrayList<>(of.expand(own));
    if (has(AttentionCode.OUTPUT_TIME_FIRST)) {
      results.set(0, results.get(0).permute(0, 2, 1, 3)); // [batch, time, heads, value_dim]
    }
    return results;
  }
}
