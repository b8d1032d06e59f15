package org.attention4j.models.huggingface.model;

import java.util.List;
import java.util.Map;
import org.attention4j.models.family.ClassLoss;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Init;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * An encoder of sound with classes: a narrower layer, the mean over time, a layer to the classes.
 * Input {@code input_features} [batch, mels, frames], output {@code logits} [batch, labels].
 *
 * @param narrow width between the two layers
 * @param weighted whether all hidden states are read, each with a learned weight of {@code
 *     layer_weights}, and not the last one alone
 */
public record SoundClassModel(Config config, SpeechEncoder encoder, int narrow, boolean weighted)
    implements Pretrained {
  private static final String FEATURES = "input_features";

  @Override
  public String family() {
    return config.modelType();
  }

  /** None: it reads no tokens. */
  @Override
  public int vocabulary() {
    return 0;
  }

  @Override
  public int context() {
    return encoder.positions();
  }

  @Override
  public Task task() {
    return Task.AUDIO_CLASSIFICATION;
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of(FEATURES, TensorType.f32("batch", encoder.first().in(), encoder.frames()));
  }

  @Override
  public Map<String, TensorType> allInputs() {
    return inputs();
  }

  @Override
  public Map<String, String> observable() {
    return encoder.stack().observable("encoder");
  }

  @Override
  public NameRules nameRules() {
    return NameRules.prefix("");
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    List<Tensor> states =
        scope.uncached().in("encoder", s -> encoder.states(s, inputs.get(FEATURES)));
    Tensor hidden = states.get(states.size() - 1); // [batch, positions, width]
    if (weighted) {
      hidden = weighted(scope, states);
    }
    Linear.Style style = Linear.Style.usual();
    int width = hidden.type().size(-1);
    Tensor x = scope.call("projector", new Linear(width, narrow, style), hidden);
    Tensor mean = x.mean(1).drop(1); // [batch, narrow]
    return Map.of("logits", scope.call("classifier", new Linear(narrow, labels(), style), mean));
  }

  private static Tensor weighted(Scope scope, List<Tensor> states) {
    int count = states.size();
    Tensor all = states.get(0).insert(0);
    for (Tensor state : states.subList(1, count)) {
      all = all.concat(0, state.insert(0)); // [states, batch, positions, width]
    }
    Tensor shares = scope.param("layer_weights", Init.constant(1.0 / count), count).softmax();
    return all.mul(shares.reshape(List.of(Dim.of(count), Dim.of(1), Dim.of(1), Dim.of(1))))
        .sum(0)
        .drop(0);
  }

  private int labels() {
    return config.count("id2label", 2);
  }

  /** {@inheritDoc} One of the classes holds, whatever {@code problem_type} says. */
  @Override
  public Model withLoss() {
    return new LabelLoss(this, TensorType.i64("batch"), false);
  }

  @Override
  public Model trainable() {
    return new ClassLoss(this);
  }
}
