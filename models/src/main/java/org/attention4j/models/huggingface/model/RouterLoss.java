package org.attention4j.models.huggingface.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.RouterBalance;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A model with a loss, to which that of its routers' balance is added; see {@link RouterBalance}.
 * Tokens that the input {@code attention_mask} hides do not count. Adds the output {@code
 * aux_loss}.
 *
 * @param chosen experts a token
 * @param factor of the balance
 */
record RouterLoss(Model model, int chosen, double factor) implements Model {
  private static final String ROUTER = ".router"; // what layers of experts report

  @Override
  public Map<String, TensorType> inputs() {
    return model.inputs();
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return model.lossTerms(batch);
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    List<Tensor> routers = new ArrayList<>(); // [batch, time, experts] each
    Scope heard =
        scope.heard(
            (path, value) -> {
              if (path.endsWith(ROUTER)) {
                routers.add(value);
              }
            });
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(heard, inputs));
    Tensor loss = Objects.requireNonNull(outputs.get("loss"), "the model has no loss");
    Tensor balance = RouterBalance.loss(routers, chosen, inputs.find("attention_mask"));
    outputs.put("aux_loss", balance);
    outputs.put("loss", loss.add(balance.cast(loss.dtype()).mul(factor)));
    return outputs;
  }
}
