package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * A model of answers with the mean of two cross-entropies: of {@code start_logits} against the
 * input {@code start_positions} [batch], and of {@code end_logits} against {@code end_positions}
 * [batch]. Negative positions count as 0; positions at or behind the last token are not in the
 * text, and do not count. Adds the output {@code loss}.
 */
record SpanLoss(Model model) implements Model {
  private static final String START = "start_positions";
  private static final String END = "end_positions";
  private static final int IGNORED = -100;

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put(START, TensorType.i64("batch"));
    inputs.put(END, TensorType.i64("batch"));
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return Objects.requireNonNull(batch.get(START), "no start_positions").size();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Inputs own = inputs.without(START).without(END);
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, own));
    Tensor start = loss(outputs.get(SpanHead.START), inputs.get(START));
    Tensor end = loss(outputs.get(SpanHead.END), inputs.get(END));
    outputs.put("loss", start.add(end).mul(0.5));
    return outputs;
  }

  private static Tensor loss(@Nullable Tensor logits, Tensor positions) {
    Tensor found = Objects.requireNonNull(logits, "the model finds no answers");
    Tensor slots = found.iota(found.dim(1)).insert(0); // [1, time]
    Tensor place = positions.max(0).insert(-1); // [batch, 1]
    Tensor inside = place.eq(slots).cast(DType.F32).sum(1).drop(1).eq(1); // [batch]
    Tensor labels = inside.where(positions.max(0), positions.mul(0).add(IGNORED));
    return found.apply(CrossEntropy.mean(), labels);
  }
}
