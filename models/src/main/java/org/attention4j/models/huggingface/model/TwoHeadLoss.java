package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The two losses of a model with two heads, each where its labels are given: {@code loss} of {@code
 * logits} against {@code labels} [batch, choices, time], each the token that the one before should
 * predict, -100 where none counts; {@code mc_loss} of {@code mc_logits} against {@code mc_labels}
 * [batch].
 */
record TwoHeadLoss(Model model) implements Model {
  private static final String TOKENS = "labels";
  private static final String CHOICES = "mc_labels";

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put(TOKENS, TensorType.i64("batch", "choices", "time"));
    inputs.put(CHOICES, TensorType.i64("batch"));
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs =
        new LinkedHashMap<>(model.apply(scope, inputs.without(TOKENS, CHOICES)));
    Tensor tokens = inputs.find(TOKENS);
    if (tokens != null) {
      Tensor logits = Objects.requireNonNull(outputs.get("logits"), "no logits").merge(0, 2);
      Tensor next = LabelLoss.next(tokens.merge(0, 2)); // [batch * choices, time]
      outputs.put("loss", logits.apply(CrossEntropy.mean(), next));
    }
    Tensor choice = inputs.find(CHOICES);
    if (choice != null) {
      Tensor logits = Objects.requireNonNull(outputs.get("mc_logits"), "no mc_logits");
      outputs.put("mc_loss", logits.apply(CrossEntropy.mean(), choice));
    }
    return outputs;
  }
}
