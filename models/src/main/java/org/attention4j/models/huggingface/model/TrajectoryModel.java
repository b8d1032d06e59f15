package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The frame of models that read a trajectory: for each step a return to go, a state and an action,
 * in this order. Inputs {@code states} [batch, time, state size], {@code actions} [batch, time,
 * action size], {@code returns_to_go} [batch, time, 1], {@code timesteps} [batch, time], optionally
 * {@code attention_mask} [batch, time] and {@code rewards} [batch, time, 1], which nothing reads.
 * Outputs {@code state_preds}, {@code action_preds} and {@code return_preds}, shaped as what they
 * predict, and {@code last_hidden_state} [batch, 3 * time, width].
 *
 * @param episode how many time steps there are
 * @param context how many positions the file has, of which the first one alone is read
 * @param bounded whether actions are between -1 and 1
 */
public record TrajectoryModel(
    Config config,
    Task task,
    int states,
    int actions,
    int episode,
    int context,
    LayerStack stack,
    LayerNorm norm,
    int width,
    boolean bounded)
    implements Pretrained {
  private static final String LAYERS = "encoder";
  private static final int KINDS = 3; // return, state, action

  @Override
  public String family() {
    return config.modelType();
  }

  /** Of time steps, the only ids that it reads. */
  @Override
  public int vocabulary() {
    return episode;
  }

  @Override
  public String tokensInput() {
    return "states";
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("states", TensorType.f32("batch", "time", states));
    inputs.put("actions", TensorType.f32("batch", "time", actions));
    inputs.put("returns_to_go", TensorType.f32("batch", "time", 1));
    inputs.put("timesteps", TensorType.i64("batch", "time"));
    return inputs;
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    inputs.put("attention_mask", TensorType.i64("batch", "time"));
    inputs.put("rewards", TensorType.f32("batch", "time", 1));
    return inputs;
  }

  @Override
  public boolean causal() {
    return true;
  }

  @Override
  public Map<String, String> observable() {
    return stack.observable(LAYERS);
  }

  @Override
  public NameRules nameRules() {
    return NameRules.prefix("").ignoring("encoder\\.wte\\.weight").ignoring("(.*\\.)?attn\\.bias");
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Scope top = scope.uncached();
    Tensor time =
        top.call(
            "embed_timestep",
            new Embedding(episode, width, Decoders.init(config)),
            inputs.get("timesteps")); // [batch, time, width]
    Tensor wanted = embed(top, "embed_return", inputs.get("returns_to_go"), time);
    Tensor state = embed(top, "embed_state", inputs.get("states"), time);
    Tensor action = embed(top, "embed_action", inputs.get("actions"), time);
    Tensor x = wanted.concat(2, state, action).merge(1, 2); // [batch, time * 3, width]
    Tensor y = top.call("embed_ln", norm, x);
    Tensor hidden = top.in(LAYERS, s -> layers(s, y, mask(inputs)));
    Tensor parts = hidden.split(1, time.dim(1), KINDS); // [batch, time, 3, width]
    Tensor acts = linear(top, "predict_action.0", width, actions, parts.at(2, 1));
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("state_preds", linear(top, "predict_state", width, states, parts.at(2, 2)));
    outputs.put("action_preds", bounded ? acts.tanh() : acts);
    outputs.put("return_preds", linear(top, "predict_return", width, 1, parts.at(2, 2)));
    outputs.put("last_hidden_state", hidden);
    return outputs;
  }

  private Tensor embed(Scope scope, String name, Tensor x, Tensor time) {
    return linear(scope, name, x.type().size(-1), width, x).add(time).insert(2);
  }

  private static Tensor linear(Scope scope, String name, int in, int out, Tensor x) {
    return scope.call(name, new Linear(in, out), x);
  }

  /** All positions are the first one: the time steps say where a token stands. */
  private Tensor layers(Scope scope, Tensor x, Mask mask) {
    Tensor table = scope.child("wpe").param("weight", Decoders.init(config), context, width);
    Tensor placed = x.add(table.slice(0, 0, 1)); // [batch, time * 3, width] + [1, width]
    Tensor y = scope.dropout("drop", placed, config.number("embd_pdrop", 0.1));
    return stack.apply(scope, y, mask, null);
  }

  /** Three tokens for each step: [batch, time] to [batch, time * 3]. */
  private static Mask mask(Inputs inputs) {
    Tensor steps = inputs.find("attention_mask");
    return Mask.keys(
        steps == null ? null : steps.insert(-1).expand(-1, Dim.of(KINDS)).merge(-2, 2));
  }

  /** {@inheritDoc} The squared error of the actions; there are no labels. */
  @Override
  public Model withLoss() {
    return new ImitationLoss(this);
  }

  @Override
  public Model trainable() {
    return withLoss();
  }
}
