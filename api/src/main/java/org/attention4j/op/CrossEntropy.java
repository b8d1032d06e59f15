package org.attention4j.op;

import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.error.ShapeException;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Negative log-likelihood of labels under softmax(logits). Operands: logits [.., classes], labels
 * i64 [..]. Result: a scalar.
 *
 * @param ignoreIndex label that counts for nothing
 * @param labelSmoothing share of the target spread evenly over all classes (Szegedy et al. 2016)
 * @param reduction mean over the labels that count, or their sum
 */
public record CrossEntropy(long ignoreIndex, double labelSmoothing, Reduction reduction)
    implements Composite {

  /** How the losses combine. */
  public enum Reduction {
    MEAN,
    SUM
  }

  public CrossEntropy {
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new ShapeException("label smoothing is from 0 to 1, not " + labelSmoothing);
    }
  }

  /** Mean, no smoothing, label -100 ignored. */
  public static CrossEntropy mean() {
    return new CrossEntropy(-100, 0, Reduction.MEAN);
  }

  /** How many labels count. */
  public long counted(HostTensor labels) {
    long count = 0;
    for (long i = 0; i < labels.size(); i++) {
      count += labels.getLong(i) == ignoreIndex ? 0 : 1;
    }
    return count;
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(
        in.size() == 2 && in.get(0).rank() > 0 && in.get(0).dtype().isFloating(),
        this,
        "floating logits and labels",
        in);
    TensorType logits = in.get(0);
    Op.check(
        in.get(1).equals(new TensorType(DType.I64, logits.dims().subList(0, logits.rank() - 1))),
        this,
        "i64 labels with the axes of the logits but the last",
        in);
    return List.of(logits.with(List.of()));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor logits = in.get(0);
    Tensor labels = in.get(1);
    Tensor counts = labels.eq(labels.integers(ignoreIndex).reshape(List.of())).not();
    Tensor safe = counts.where(labels, labels.scalar(0)).insert(-1); // [.., 1]
    Tensor logProbability = logits.apply(new LogSoftmax());
    Tensor loss = logProbability.takeAlong(-1, safe).neg(); // [.., 1]
    if (labelSmoothing > 0) {
      Tensor uniform = logProbability.mean(-1).neg();
      loss = loss.mul(1 - labelSmoothing).add(uniform.mul(labelSmoothing));
    }
    int[] all = IntStream.range(0, logits.rank()).toArray();
    Tensor sum = counts.insert(-1).where(loss, loss.scalar(0)).sum(all);
    if (reduction == Reduction.SUM) {
      return List.of(sum.reshape(List.of()));
    }
    Tensor counted = counts.cast(logits.dtype()).insert(-1).sum(all);
    return List.of(sum.div(counted).reshape(List.of()));
  }
}
