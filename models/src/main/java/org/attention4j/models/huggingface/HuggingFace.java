package org.attention4j.models.huggingface;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.family.Architectures;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.EncoderModel;
import org.attention4j.models.huggingface.model.PooledModel;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.SentenceDense;
import org.attention4j.models.huggingface.model.SentencePooling;
import org.attention4j.models.huggingface.model.SourceModel;
import org.attention4j.models.huggingface.model.Storable;
import org.attention4j.models.huggingface.model.StoredFile;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.store.WeightFolder;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Directories as Hugging Face publishes them.
 *
 * <pre>{@code
 * Checkpoint checkpoint = HuggingFace.open(Path.of("Qwen3-0.6B"));
 * try (PretrainedSession session = checkpoint.session("djl", Set.of("input_ids"))) {
 *   HostTensor logits = session.run(Map.of("input_ids", ids)).get("logits");
 * }
 * }</pre>
 */
public final class HuggingFace {
  static final String CONFIG = "config.json";

  private HuggingFace() {}

  /**
   * Opens a directory with {@code config.json} and {@code model.safetensors}, or its shards and
   * their index. The weights are mapped into memory, not read.
   *
   * @throws StorageException if a file is missing or cannot be read
   * @throws org.attention4j.error.FileFormatException if a file is damaged, or the configuration
   *     asks for something that is not supported
   * @throws UsageException if the family is unknown, or the weights are in PyTorch's format
   * @throws WeightsException that lists all tensors that are missing, left over or of another shape
   */
  public static Checkpoint open(Path directory) {
    return open(directory, Architectures.read(config(directory)));
  }

  /**
   * The configuration of a directory.
   *
   * @throws StorageException if it is missing or cannot be read
   */
  public static Config config(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw StorageException.noDirectory("model directory", directory);
    }
    return Config.read(directory.resolve(CONFIG));
  }

  /** The weights of a directory for a model that has been read already; see {@link #open(Path)}. */
  public static Checkpoint open(Path directory, Pretrained model) {
    Weights file = WeightFolder.load(directory);
    return fit(directory, asStored(model, file), file);
  }

  /** The same model, as far as what it reads depends on what a file holds. */
  private static Pretrained asStored(Pretrained model, Weights weights) {
    StoredFile file = StoredFile.of(weights, model.nameRules());
    return model instanceof Storable<?> storable ? storable.asStored(file) : model;
  }

  private static Checkpoint fit(Path directory, Pretrained model, Weights file) {
    Weights all = file;
    for (SentenceDense layer : dense(model)) {
      all = layer.addTo(all, directory);
    }
    try {
      WeightFitting.requireLayers(model.config(), file);
      Map<String, TensorType> wanted = wanted(directory, model);
      WeightFitting.Fitted fitted = WeightFitting.fit(model.nameRules(), all, wanted);
      return new Checkpoint(directory, model, fitted.weights(), fitted.paths());
    } catch (WeightsException e) {
      throw new WeightsException(directory + ": " + e.getMessage(), e);
    }
  }

  /**
   * Opens the layers of a directory to make vectors of texts, whatever head it has: a head's
   * weights are left alone. The outputs are {@code last_hidden_state} and those of {@link
   * SentencePooling}.
   *
   * @throws UsageException if the family is unknown or makes no vectors of texts
   */
  public static Checkpoint openSentences(Path directory) {
    Config config = config(directory);
    Pretrained model = Architectures.read(config, Task.FEATURES);
    Weights file = withoutHeads(model, WeightFolder.load(directory));
    if (model instanceof EncoderModel) {
      return fit(directory, asStored(model, file), file);
    }
    if (model instanceof DecoderModel) {
      return fit(directory, new PooledModel(model, SentencePooling.read(config)), file);
    }
    throw new UsageException(
        directory + " holds a " + config.modelType() + ", which makes no vectors of texts");
  }

  /** A head's tensors are those without the layers' prefix, if there are any with it. */
  private static Weights withoutHeads(Pretrained model, Weights file) {
    String prefix = model.nameRules().prefix() + ".";
    if (file.names().stream().noneMatch(name -> name.startsWith(prefix))) {
      return file;
    }
    Map<String, HostTensor> layers = new LinkedHashMap<>(file.tensors());
    layers.keySet().removeIf(name -> !name.startsWith(prefix));
    return Weights.of(layers, file.metadata());
  }

  /**
   * A model with random weights, from a directory that needs no more than {@code config.json}.
   *
   * @param seed of the weights
   * @throws StorageException if the file is missing or cannot be read
   * @throws org.attention4j.error.FileFormatException if it is damaged, or asks for something that
   *     is not supported
   * @throws UsageException if the family is unknown
   */
  public static Checkpoint fresh(Path directory, long seed) {
    Pretrained model = Architectures.read(Config.read(directory.resolve(CONFIG)));
    Weights weights = Parameters.init(Program.of(model), seed);
    Map<String, String> paths = new LinkedHashMap<>();
    weights.names().forEach(path -> paths.put(path, path));
    return new Checkpoint(directory, model, weights, paths);
  }

  /** The layers behind the pooling of a sentence encoder. */
  static List<SentenceDense> dense(Pretrained model) {
    if (model instanceof PooledModel pooled) {
      return pooled.pooling().dense();
    }
    if (model instanceof SourceModel source) {
      return source.pooling().dense();
    }
    return model instanceof EncoderModel encoder && encoder.task() == Task.FEATURES
        ? encoder.pooling().dense()
        : List.of();
  }

  /** Entries that are sound one by one may still not go together. */
  private static Map<String, TensorType> wanted(Path directory, Pretrained model) {
    try {
      return WeightFitting.wanted(model);
    } catch (AttentionException e) {
      throw new FileFormatException(
          directory.resolve(CONFIG), "describes no sound model: " + e.getMessage(), e);
    }
  }
}
