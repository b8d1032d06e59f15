package org.attention4j.models.finetune;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.LogSoftmax;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Direct preference optimisation (Rafailov et al. 2023, equation 7): the mean of {@code -log
 * sigmoid(beta ((log p(y_w) - log r(y_w)) - (log p(y_l) - log r(y_l))))} over pairs of a preferred
 * completion y_w and another one y_l, where r is the model that training began with. Inputs are
 * those of {@link CompletionScore} and {@code reference} [batch, 2], the logarithms of r. Adds the
 * output {@code loss}. What layers of experts add for their balance is left out.
 *
 * @param score of the model that learns
 * @param beta how much it costs to leave the reference
 * @param smoothing share of pairs that are taken to be the wrong way round (Mitchell 2023,
 *     conservative DPO), from 0 to below 0.5
 */
public record PreferenceLoss(CompletionScore score, double beta, double smoothing)
    implements Model {
  /** Name of the input with the reference's log-probabilities. */
  public static final String REFERENCE = "reference";

  public PreferenceLoss {
    if (!(beta > 0 && Double.isFinite(beta))) {
      throw new UsageException("beta is above 0, not " + beta);
    }
    if (!(smoothing >= 0 && smoothing < 0.5)) {
      throw new UsageException(
          "the share of pairs taken for wrong is from 0 to below 0.5, not " + smoothing);
    }
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(score.inputs());
    inputs.put(REFERENCE, TensorType.f32("batch", 2));
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs =
        new LinkedHashMap<>(score.apply(scope, inputs.without(REFERENCE)));
    Tensor own = Objects.requireNonNull(outputs.get(CompletionScore.LOG_PROBABILITIES));
    Tensor rewards = own.sub(inputs.get(REFERENCE).cast(own.dtype())).mul(beta); // [batch, 2]
    // log sigmoid of the margin and of its opposite; slopes are right where both are equal, too
    Tensor logs = rewards.apply(new LogSoftmax()); // [batch, 2]
    Tensor losses = logs.at(1, 0).neg(); // [batch]
    if (smoothing > 0) {
      losses = losses.mul(1 - smoothing).sub(logs.at(1, 1).mul(smoothing));
    }
    outputs.put("loss", losses.mean(0).drop(0));
    return outputs;
  }
}
