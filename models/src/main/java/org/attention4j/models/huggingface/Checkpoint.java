package org.attention4j.models.huggingface;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.attention4j.models.huggingface.PretrainedSession.Extra;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * A model of Hugging Face's with its weights.
 *
 * @param weights under the model's paths, mapped from the files
 * @param paths of the names in the files
 */
public record Checkpoint(Path path, Pretrained model, Weights weights, Map<String, String> paths) {
  public Checkpoint {
    paths = new LinkedHashMap<>(paths);
  }

  /** The weights under the names in the files. */
  public Weights named() {
    Map<String, HostTensor> named = new LinkedHashMap<>();
    paths.forEach((name, path) -> named.put(name, weights.get(path)));
    return Weights.of(named);
  }

  /**
   * The model with a low-rank adapter merged into its weights.
   *
   * @param directory with {@code adapter_config.json} and {@code adapter_model.safetensors}
   * @throws org.attention4j.error.WeightsException if the adapter is of another model
   */
  public Checkpoint adapted(Path directory) {
    Weights merged = Adapter.load(directory, model).mergedInto(model, weights);
    return new Checkpoint(path, model, merged, paths);
  }

  /** A session on the CPU in f32, without hidden states and attentions. */
  public PretrainedSession session(String engine, Collection<String> inputs) {
    return session(Engines.get(engine), SessionOptions.defaults(), inputs, Set.of());
  }

  /**
   * A session.
   *
   * @param inputs names of those that every run gets
   * @param extras what it returns besides the outputs
   * @throws org.attention4j.error.UsageException if the model does not take an input
   * @throws org.attention4j.error.EngineException if the engine cannot serve
   */
  public PretrainedSession session(
      Engine engine, SessionOptions options, Collection<String> inputs, Set<Extra> extras) {
    return PretrainedSession.open(this, engine, options, model.program(inputs), extras);
  }

  /**
   * The same for given values; with {@code labels} among them, it returns the {@code loss}, too.
   */
  public PretrainedSession session(
      Engine engine, SessionOptions options, Map<String, HostTensor> given, Set<Extra> extras) {
    return PretrainedSession.open(this, engine, options, model.program(given), extras);
  }
}
