package org.attention4j.models.finetune;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.op.LogSoftmax;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Distillation (Hinton et al. 2015, section 2): {@code alpha T^2 KL(softmax(t / T) || softmax(s /
 * T)) + (1 - alpha) L}, where t are the logits of a teacher, s those of the model that learns, T
 * the temperature, and L its own loss of the hard labels. The divergence is the mean over the
 * places whose next token counts in L; it differs from the paper's cross-entropy by what the
 * student cannot change. Inputs are those of the model with its loss and {@code teacher_logits}
 * [batch, time, vocabulary]. Outputs: {@code loss}, {@code divergence} without T^2, and {@code
 * token_loss}, the cross-entropy of the hard labels alone.
 *
 * @param model a causal language model with the outputs {@code logits} and {@code loss}, and the
 *     input {@code labels} [batch, time]
 */
public record DistillationLoss(Model model, int vocabulary, double temperature, double alpha)
    implements Model {
  /** Name of the input with the teacher's logits. */
  public static final String TEACHER = "teacher_logits";

  /** Name of the output with the divergence at the temperature, in nats a token. */
  public static final String DIVERGENCE = "divergence";

  /** Name of the output with the cross-entropy of the hard labels, in nats a token. */
  public static final String TOKEN_LOSS = "token_loss";

  private static final int IGNORED = -100;

  public DistillationLoss {
    if (!(temperature > 0 && Double.isFinite(temperature))) {
      throw new UsageException("the temperature is above 0, not " + temperature);
    }
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new UsageException("alpha, the share of the teacher, is from 0 to 1, not " + alpha);
    }
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put(TEACHER, TensorType.f32("batch", "time", vocabulary));
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return model.lossTerms(batch);
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> own = model.apply(scope, inputs.without(TEACHER));
    Tensor logits = Objects.requireNonNull(own.get("logits"), "the model has no logits");
    Tensor hard = Objects.requireNonNull(own.get("loss"), "the model has no loss");
    Tensor student = logits.div(temperature).apply(new LogSoftmax()); // [batch, time, vocabulary]
    Tensor teacher =
        inputs.get(TEACHER).cast(logits.dtype()).div(temperature).apply(new LogSoftmax());
    Tensor each = teacher.exp().mul(teacher.sub(student)).sum(-1).drop(-1); // [batch, time]
    Tensor next = next(inputs.get("labels"));
    Tensor counts = next.eq(next.integers(IGNORED)).not().cast(logits.dtype()); // [batch, time]
    Tensor soft = each.mul(counts).sum(0, 1).div(counts.sum(0, 1)).drop(0).drop(0);
    double factor = alpha * temperature * temperature;
    return Map.of(
        "loss",
        soft.mul(factor).add(hard.mul(1 - alpha)),
        DIVERGENCE,
        soft,
        TOKEN_LOSS,
        logits.apply(CrossEntropy.mean(), next));
  }

  /** The label behind each place, which the place predicts: [batch, time]. */
  private static Tensor next(Tensor labels) {
    Tensor none = labels.slice(1, 0, 1).mul(0).add(IGNORED); // [batch, 1]
    return labels.slice(1, 1, labels.dim(1)).concat(1, none);
  }
}
