package org.attention4j.models.huggingface.model;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A decoder that writes, and judges choices by one of their tokens, at {@code
 * multiple_choice_head.summary}: inputs are [batch, choices, time] instead of [batch, time], with
 * {@code mc_token_ids} [batch, choices], the slots of the tokens that judge (the last ones where
 * they are not given). Outputs {@code logits} [batch, choices, time, vocabulary] and {@code
 * mc_logits} [batch, choices]. Hidden states but the last, and attentions, have the choices of all
 * rows one after the other on their first axis.
 *
 * @param activation of the judging number
 * @param dropout before it, in training
 */
public record TwoHeadModel(DecoderModel words, Activation.Kind activation, double dropout)
    implements Pretrained {
  private static final String PLACES = "mc_token_ids";
  private static final String CHOSEN = "choices";
  private static final Dim BATCH = Dim.symbol("batch");
  private static final Dim CHOICES = Dim.symbol("choices");
  private static final Dim TIME = Dim.symbol("time");

  @Override
  public String family() {
    return words.family();
  }

  @Override
  public int vocabulary() {
    return words.vocabulary();
  }

  @Override
  public int context() {
    return words.context();
  }

  @Override
  public Config config() {
    return words.config();
  }

  @Override
  public Task task() {
    return Task.DOUBLE_HEADS;
  }

  @Override
  public Map<String, TensorType> inputs() {
    return chosen(words.inputs());
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = chosen(words.allInputs());
    inputs.put(PLACES, TensorType.i64("batch", "choices"));
    return inputs;
  }

  private static Map<String, TensorType> chosen(Map<String, TensorType> types) {
    Map<String, TensorType> chosen = new LinkedHashMap<>();
    types.forEach(
        (name, type) ->
            chosen.put(name, new TensorType(type.dtype(), List.of(BATCH, CHOICES, TIME))));
    return chosen;
  }

  @Override
  public boolean readsTypes() {
    return words.readsTypes();
  }

  @Override
  public boolean causal() {
    return true;
  }

  @Override
  public Map<String, String> observable() {
    Map<String, String> paths = words.observable();
    paths.put("hidden_states." + words.stack().layers().size(), CHOSEN);
    return paths;
  }

  @Override
  public NameRules nameRules() {
    return words.nameRules();
  }

  @Override
  public void check(Map<String, HostTensor> inputs) {
    HostTensor places = inputs.get(PLACES);
    HostTensor ids = inputs.get("input_ids");
    for (long i = 0; places != null && ids != null && i < places.size(); i++) {
      long place = places.getLong(i);
      if (place < 0 || place >= ids.dim(ids.rank() - 1)) {
        throw new UsageException(
            PLACES
                + " has "
                + place
                + ", which is no slot of input_ids "
                + Arrays.toString(ids.shape()));
      }
    }
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor ids = inputs.get("input_ids");
    Tensor places = inputs.find(PLACES);
    Map<String, Tensor> flat = new LinkedHashMap<>();
    inputs.without(PLACES).tensors().forEach((name, x) -> flat.put(name, x.merge(0, 2)));
    Tensor hidden = words.hidden(scope, new Inputs(flat)); // [batch * choices, time, width]
    scope.report(CHOSEN, hidden.reshape(ids.dim(0), ids.dim(1), ids.dim(2), hidden.dim(2)));
    Tensor slots = ids.iota(ids.dim(2)); // [time]
    Tensor chosen =
        places == null
            ? slots.add(1).eq(ids.value(ids.dim(2))) // [time]
            : places.merge(0, 2).insert(-1).eq(slots); // [batch * choices, time]
    Tensor judge = chosen.cast(hidden.dtype()).insert(-1).mul(hidden).sum(1).drop(1);
    Tensor logits = words.words(scope, hidden); // [batch * choices, time, vocabulary]
    Tensor one = scope.in("multiple_choice_head", s -> score(s, judge)); // [batch * choices, 1]
    return Map.of(
        "logits", logits.reshape(ids.dim(0), ids.dim(1), ids.dim(2), logits.dim(2)),
        "mc_logits", one.reshape(ids.dim(0), ids.dim(1)));
  }

  private Tensor score(Scope scope, Tensor judge) {
    Linear linear = new Linear(words.width(), 1, Linear.Style.usual());
    Tensor score = scope.call("summary", linear, scope.dropout("dropout", judge, dropout));
    return Activation.apply(activation, score);
  }

  @Override
  public Model withLoss() {
    return new TwoHeadLoss(this);
  }

  @Override
  public Model trainable() {
    return withLoss();
  }
}
