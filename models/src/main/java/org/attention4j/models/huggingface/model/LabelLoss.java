package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A model with the mean cross-entropy of its {@code logits} against the input {@code labels}, whose
 * axes are those of the logits but the last; labels of -100 do not count. Adds the output {@code
 * loss}.
 *
 * @param shifted whether the label of a token is what the token before it should predict
 */
record LabelLoss(Model model, TensorType labels, boolean shifted) implements Model {
  private static final int IGNORED = -100;

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put("labels", labels);
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    HostTensor all = Objects.requireNonNull(batch.get("labels"), "no labels");
    long counted = CrossEntropy.mean().counted(all);
    for (long row = 0; shifted && row < all.dim(0); row++) { // nothing predicts the first label
      counted -= all.getLong(row * all.dim(1)) == IGNORED ? 0 : 1;
    }
    return counted;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, inputs.without("labels")));
    Tensor logits = Objects.requireNonNull(outputs.get("logits"), "the model has no logits");
    Tensor wanted = inputs.get("labels");
    outputs.put("loss", logits.apply(CrossEntropy.mean(), shifted ? next(wanted) : wanted));
    return outputs;
  }

  /** Labels [batch, time] one place to the left; the last ones do not count. */
  static Tensor next(Tensor labels) {
    Tensor none = labels.slice(1, 0, 1).mul(0).add(IGNORED); // [batch, 1]
    return labels.slice(1, 1, labels.dim(1)).concat(1, none);
  }
}
