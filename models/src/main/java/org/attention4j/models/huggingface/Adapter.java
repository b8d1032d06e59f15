package org.attention4j.models.huggingface;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.store.JsonFile;
import org.attention4j.nn.Linear;
import org.attention4j.nn.LowRank;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * A low-rank adapter (LoRA; Hu et al. 2021) in the files of the Python library PEFT: {@code
 * adapter_config.json} and {@code adapter_model.safetensors}.
 *
 * @param weights under paths of the model: {@code LAYER.lora_A.weight} [rank, in], {@code
 *     LAYER.lora_B.weight} [out, rank] and what else {@link AdapterParts} knows, and parameters
 *     that were trained as a whole
 */
public record Adapter(AdapterConfig config, Weights weights) {
  private static final String FILE = "adapter_model.safetensors";
  private static final String PREFIX = "base_model.model.";

  /** One that starts afresh. */
  public static Adapter fresh(AdapterConfig config) {
    return new Adapter(config, Weights.empty());
  }

  /** The trained part of a model's parameters. */
  static Adapter of(AdapterConfig config, Weights all) {
    Map<String, HostTensor> own = new LinkedHashMap<>();
    all.tensors()
        .forEach(
            (path, tensor) -> {
              if (LowRank.owns(path) || config.saves(path)) {
                own.put(path, tensor);
              }
            });
    return new Adapter(config, Weights.of(own));
  }

  /**
   * Reads the adapter of a model.
   *
   * @throws org.attention4j.error.StorageException if a file is missing or cannot be read
   * @throws org.attention4j.error.FileFormatException if a file is damaged, or of another kind
   * @throws WeightsException that lists all tensors that do not fit the model
   */
  public static Adapter load(Path directory, Pretrained model) {
    AdapterConfig config = AdapterConfig.read(directory);
    List<String> problems = new ArrayList<>();
    Weights file = Weights.load(directory.resolve(FILE));
    Adapter adapter;
    try {
      adapter = AdapterFile.place(config, model, file, problems);
    } catch (UsageException e) {
      throw new FileFormatException(
          directory.resolve(AdapterConfig.FILE), String.valueOf(e.getMessage()), e);
    }
    if (!problems.isEmpty()) {
      throw new WeightsException(
          directory + ": the adapter does not fit the model: " + String.join("; ", problems));
    }
    return adapter;
  }

  /** Whether it can be trained further: one rank, linear layers and whole modules only. */
  boolean trainable(Pretrained model) {
    Map<String, Linear> layers = LinearLayers.of(model);
    AdapterParts parts = new AdapterParts(weights);
    return config.alphas().isEmpty()
        && weights.names().stream()
            .allMatch(n -> AdapterParts.end(n) == null ? config.saves(n) : AdapterParts.plain(n))
        && parts.layers().stream()
            .allMatch(at -> layers.containsKey(at) && parts.rank(at) == config.rank());
  }

  /**
   * Writes both files.
   *
   * @throws org.attention4j.error.StorageException if one cannot be written
   */
  void save(Path directory, Pretrained model) {
    JsonFile.write(directory.resolve(AdapterConfig.FILE), config.json(model));
    weights
        .rename(path -> PREFIX + path)
        .withMetadata(Map.of("format", "pt"))
        .save(directory.resolve(FILE));
  }

  /**
   * The weights of a model with the updates added, f32 where there is one: {@code W + scale B A};
   * see {@link AdapterParts}.
   */
  public Weights mergedInto(Pretrained model, Weights base) {
    Map<String, Linear> layers = LinearLayers.of(model);
    AdapterParts parts = new AdapterParts(weights);
    Map<String, HostTensor> merged = new LinkedHashMap<>(base.tensors());
    weights
        .tensors()
        .forEach(
            (path, tensor) -> {
              if (AdapterParts.end(path) == null && !path.endsWith(TokenRows.END)) {
                merged.put(path, tensor);
              }
            });
    for (String path : parts.layers()) {
      Linear layer = layers.get(path);
      boolean inFirst = layer != null && layer.style().inFirst();
      double scale = config.scale(parts.rank(path), path);
      merged.computeIfPresent(
          path + ".weight", (name, weight) -> parts.merged(path, weight, inFirst, scale));
      merged.computeIfPresent(
          path + ".bias",
          (name, bias) -> Objects.requireNonNullElse(parts.mergedBias(path, bias, scale), bias));
    }
    weights.tensors().forEach((name, rows) -> putRows(name, rows, merged));
    merged.keySet().removeIf(name -> AdapterParts.end(name) != null);
    return Weights.of(merged, base.metadata());
  }

  private void putRows(String name, HostTensor rows, Map<String, HostTensor> merged) {
    if (name.endsWith(TokenRows.END)) {
      String table = name.substring(0, name.length() - TokenRows.END.length());
      merged.computeIfPresent(
          table + ".weight", (path, weight) -> config.tokens().put(table, weight, rows));
    }
  }
}
