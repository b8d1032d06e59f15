package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Attention together with the growth of its cache.
 *
 * <p>Operands: query [batch, heads, time, head_dim], fresh key and value [batch, kv_heads, time,
 * head_dim], past key and value [batch, kv_heads, past, head_dim], then the extras of the
 * attention. Results: output like the query, key and value with the past.
 *
 * @param of what is computed; its key and value are the past followed by the fresh rows, or a
 *     buffer into which the fresh rows are written at {@code extras.start}
 * @param timeFirst which of query, fresh key, fresh value and output are [batch, time, heads,
 *     head_dim]: flags as in {@link LaidOutAttention}
 */
record CachedAttention(Attention of, long timeFirst) implements Composite {
  static final int PAST_KEY = 3;
  static final int PAST_VALUE = 4;
  static final int FIXED_OPERANDS = 5;

  @Override
  public CachedAttention bind(Map<String, Long> sizes) {
    return new CachedAttention(of.bind(sizes), timeFirst);
  }

  /** Whether fresh rows are written into a buffer. */
  boolean inPlace() {
    return of.start() == null;
  }

  /**
   * The types of query, key and value as the attention itself has them, then those of its extras.
   */
  List<TensorType> ownTypes(List<TensorType> in) {
    List<TensorType> own =
        new ArrayList<>(List.of(in.get(0), in.get(PAST_KEY), in.get(PAST_VALUE)));
    own.addAll(in.subList(FIXED_OPERANDS, in.size()));
    long query = timeFirst & AttentionCode.QUERY_TIME_FIRST;
    return new LaidOutAttention(of, query).ownTypes(own);
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    TensorType past = in.get(PAST_KEY);
    Dim time = in.get(1).dim((timeFirst & LaidOutAttention.OPERAND_FLAGS.get(1)) != 0 ? 1 : 2);
    TensorType grown = inPlace() ? past : past.with(2, past.dim(2).plus(time));
    return List.of(in.get(0), grown, grown.with(3, in.get(PAST_VALUE).dim(3)));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    List<Tensor> operands = new ArrayList<>(List.of(in.get(0)));
    for (int i = 1; i < Attention.FIXED_OPERANDS; i++) {
      boolean swapped = (timeFirst & LaidOutAttention.OPERAND_FLAGS.get(i)) != 0;
      Tensor fresh = swapped ? in.get(i).permute(0, 2, 1, 3) : in.get(i);
      Tensor past = in.get(PAST_KEY + i - 1);
      operands.add(
          inPlace()
              ? past.apply(
                  new Primitive.Update(2), fresh, in.get(FIXED_OPERANDS + of.extras().start()))
              : past.concat(2, fresh));
    }
    operands.addAll(in.subList(FIXED_OPERANDS, in.size()));
    long swappedBefore =
        LaidOutAttention.OPERAND_FLAGS.get(1) | LaidOutAttention.OPERAND_FLAGS.get(2);
    long rest = timeFirst & ~swappedBefore;
    List<Tensor> results = new LaidOutAttention(of, rest).expand(operands);
    return List.of(results.get(0), operands.get(1), operands.get(2));
  }
}
