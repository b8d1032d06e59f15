package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A decoder that makes a vector of a sentence: its {@code last_hidden_state}, and the outputs of
 * {@link SentencePooling}.
 */
public record PooledModel(Pretrained layers, SentencePooling pooling) implements Pretrained {
  @Override
  public String family() {
    return layers.family();
  }

  @Override
  public int vocabulary() {
    return layers.vocabulary();
  }

  @Override
  public int context() {
    return layers.context();
  }

  @Override
  public Config config() {
    return layers.config();
  }

  @Override
  public Task task() {
    return layers.task();
  }

  @Override
  public Map<String, TensorType> inputs() {
    return layers.inputs();
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(layers.allInputs());
    inputs.put("attention_mask", TensorType.i64("batch", "time")); // nothing is cached
    return inputs;
  }

  @Override
  public Map<String, String> observable() {
    return layers.observable();
  }

  @Override
  public NameRules nameRules() {
    return layers.nameRules();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(layers.apply(scope, inputs));
    Tensor hidden = outputs.get("last_hidden_state"); // [batch, time, width]
    if (hidden == null) {
      throw new IllegalStateException("no last_hidden_state among " + outputs.keySet());
    }
    outputs.putAll(pooling.outputs(scope, hidden, inputs.find("attention_mask")));
    return outputs;
  }

  @Override
  public Model withLoss() {
    return layers.withLoss();
  }

  @Override
  public Model withLoss(DType labels) {
    return layers.withLoss(labels);
  }

  @Override
  public Model trainable() {
    return layers.trainable();
  }
}
