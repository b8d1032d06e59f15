package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.models.family.ClassLoss;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A model that gives each text one number, as a judge of choices: inputs are [batch, choices, time]
 * instead of [batch, time], the output {@code logits} is [batch, choices]. Hidden states and
 * attentions have the choices of all rows one after the other on their first axis.
 *
 * @param texts the model of single texts, with {@code logits} [batch, 1]
 */
record ChoiceModel(Pretrained texts) implements Pretrained {
  private static final Dim BATCH = Dim.symbol("batch");
  private static final Dim CHOICES = Dim.symbol("choices");

  @Override
  public String family() {
    return texts.family();
  }

  @Override
  public int vocabulary() {
    return texts.vocabulary();
  }

  @Override
  public int context() {
    return texts.context();
  }

  @Override
  public Config config() {
    return texts.config();
  }

  @Override
  public Task task() {
    return Task.MULTIPLE_CHOICE;
  }

  @Override
  public Map<String, TensorType> inputs() {
    return chosen(texts.inputs());
  }

  @Override
  public Map<String, TensorType> allInputs() {
    return chosen(texts.allInputs());
  }

  private static Map<String, TensorType> chosen(Map<String, TensorType> types) {
    Map<String, TensorType> chosen = new LinkedHashMap<>();
    types.forEach(
        (name, type) ->
            chosen.put(name, new TensorType(type.dtype(), List.of(BATCH, CHOICES, type.dim(1)))));
    return chosen;
  }

  @Override
  public Map<String, String> observable() {
    return texts.observable();
  }

  @Override
  public NameRules nameRules() {
    return texts.nameRules();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> flat = new LinkedHashMap<>();
    inputs.tensors().forEach((name, x) -> flat.put(name, x.merge(0, 2))); // [batch * choices, time]
    Tensor logits = texts.apply(scope, new Inputs(flat)).get("logits"); // [batch * choices, 1]
    Tensor ids = inputs.get("input_ids");
    return Map.of("logits", Objects.requireNonNull(logits).reshape(ids.dim(0), ids.dim(1)));
  }

  @Override
  public Model withLoss() {
    return new LabelLoss(this, TensorType.i64("batch"), false);
  }

  @Override
  public Model trainable() {
    return new ClassLoss(this);
  }
}
