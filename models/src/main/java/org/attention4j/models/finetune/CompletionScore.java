package org.attention4j.models.finetune;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.LogSoftmax;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * How likely a causal language model finds two completions of each prompt. Inputs {@code input_ids}
 * [batch, 2, time], the preferred completion first, and {@code targets} [batch, 2, time]: the token
 * that follows each place, -100 where it is none of the completion. Output {@code
 * log_probabilities} [batch, 2], the sum over the tokens of a completion. Without dropout.
 *
 * @param model with {@code input_ids} [batch, time] and {@code logits} [batch, time, vocabulary]
 */
public record CompletionScore(Model model) implements Model {
  /** Name of the output. */
  public static final String LOG_PROBABILITIES = "log_probabilities";

  private static final int IGNORED = -100;

  @Override
  public Map<String, TensorType> inputs() {
    TensorType ids = TensorType.i64("batch", 2, "time");
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", ids);
    inputs.put("targets", ids);
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor ids = inputs.get("input_ids");
    Tensor targets = inputs.get("targets").merge(0, 2); // [2 batch, time]
    Inputs flat = new Inputs(Map.of("input_ids", ids.merge(0, 2))); // [2 batch, time]
    Tensor logits =
        Objects.requireNonNull(
            model.apply(scope.withoutDropout(), flat).get("logits"), "the model has no logits");
    Tensor counts = targets.eq(targets.integers(IGNORED)).not();
    Tensor safe = counts.where(targets, targets.scalar(0)).insert(-1); // [2 batch, time, 1]
    Tensor each = logits.apply(new LogSoftmax()).takeAlong(-1, safe).drop(-1); // [2 batch, time]
    Tensor sums = counts.where(each, each.scalar(0)).sum(1); // [2 batch, 1]
    return Map.of(LOG_PROBABILITIES, sums.reshape(ids.dim(0), 2)); // [batch, 2]
  }
}
