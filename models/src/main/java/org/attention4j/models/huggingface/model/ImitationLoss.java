package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A trajectory's model with the mean squared error of {@code action_preds} against {@code actions}
 * (Chen et al. 2021, algorithm 1), over the steps that {@code attention_mask} lets count. Adds the
 * output {@code loss}.
 */
record ImitationLoss(Pretrained model) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    return model.inputs();
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    HostTensor mask = batch.get("attention_mask");
    HostTensor actions = Objects.requireNonNull(batch.get("actions"), "no actions");
    long steps = 0; // those of all rows that count
    for (long i = 0; mask != null && i < mask.size(); i++) {
      steps += mask.getDouble(i) == 0 ? 0 : 1;
    }
    return mask == null ? actions.dim(0) * actions.dim(1) : steps;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, inputs));
    Tensor chosen = Objects.requireNonNull(outputs.get("action_preds"), "no actions");
    Tensor error = chosen.sub(inputs.get("actions").cast(chosen.dtype()));
    Tensor squares = error.mul(error).mean(-1).drop(-1); // [batch, time]
    Tensor mask = inputs.find("attention_mask");
    Tensor counts =
        mask == null ? squares.mul(0).add(1) : mask.cast(squares.dtype()); // [batch, time]
    Tensor loss = squares.mul(counts).sum(0, 1).div(counts.sum(0, 1));
    outputs.put("loss", loss.drop(0).drop(0));
    return outputs;
  }
}
