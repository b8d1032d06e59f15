package org.attention4j.models.huggingface.model;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.models.store.WeightFolder;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.weights.Weights;

/**
 * A linear layer and an activation behind the pooling of a sentence encoder, with weights in a
 * folder of its own.
 *
 * @param folder below the directory; the weights' path begins with it
 */
public record SentenceDense(
    String folder, int width, int features, boolean bias, Activation.Kind activation) {
  private static final String ACTIVATION = "activation_function";

  static SentenceDense read(String folder, Config config) {
    String function = config.text(ACTIVATION, "torch.nn.modules.activation.Tanh");
    String name = function.substring(function.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return new SentenceDense(
        folder,
        config.size("in_features"),
        config.size("out_features"),
        config.flag("bias", true),
        Activations.of(config, ACTIVATION, name.equals("identity") ? "linear" : name));
  }

  /** [batch, width] to [batch, features]. */
  Tensor apply(Scope top, Tensor x) {
    Linear.Style style = bias ? Linear.Style.usual() : Linear.Style.usual().withoutBias();
    return Activation.apply(
        activation, top.call(folder + ".linear", new Linear(width, features, style), x));
  }

  /** The weights, under their paths, added to those of the other layers unless they have them. */
  public Weights addTo(Weights others, Path directory) {
    String start = folder + ".";
    return others.names().stream().anyMatch(name -> name.startsWith(start))
        ? others
        : others.merge(WeightFolder.load(directory.resolve(folder)).rename(name -> start + name));
  }

  /** Saves the weights of this layer, and gives those of the others. */
  public Weights saveOwn(Weights all, Path directory) {
    String start = folder + ".";
    Map<String, HostTensor> own = new LinkedHashMap<>();
    Map<String, HostTensor> others = new LinkedHashMap<>(all.tensors());
    for (String name : all.names()) {
      if (name.startsWith(start)) {
        own.put(name.substring(start.length()), all.get(name));
        others.remove(name);
      }
    }
    Path target = directory.resolve(folder);
    ModelFiles.create(target);
    Weights.of(own, all.metadata()).save(target.resolve(ModelFiles.WEIGHTS));
    return Weights.of(others, all.metadata());
  }
}
