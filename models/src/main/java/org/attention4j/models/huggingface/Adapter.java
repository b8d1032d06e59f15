package org.attention4j.models.huggingface;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.WeightsException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.nn.Linear;
import org.attention4j.nn.LowRank;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * A low-rank adapter (LoRA; Hu et al. 2021) in the files of the Python library PEFT: {@code
 * adapter_config.json} and {@code adapter_model.safetensors}.
 *
 * @param weights under paths of the model: {@code LAYER.lora_A.weight} [rank, in], {@code
 *     LAYER.lora_B.weight} [out, rank], and layers that were trained as a whole
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
    Weights file = Weights.load(directory.resolve(FILE));
    Map<String, Linear> layers = LinearLayers.of(model);
    Map<String, HostTensor> placed = new LinkedHashMap<>();
    List<String> problems = new ArrayList<>();
    file.tensors()
        .forEach(
            (name, tensor) -> {
              String plain = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
              String path = path(plain, model, layers);
              if (path != null && tensor.dtype().isFloating()) {
                placed.put(path, tensor);
              } else if (config.saves(plain) && tensor.dtype().isFloating()) {
                placed.put(plain, tensor);
              } else {
                problems.add("surplus " + name + " " + shape(tensor));
              }
            });
    Adapter adapter = new Adapter(config, Weights.of(placed, file.metadata()));
    layers.forEach((path, layer) -> adapter.check(path, layer, problems));
    if (placed.keySet().stream().noneMatch(LowRank::owns)) {
      problems.add("no matrices of an adapter");
    }
    if (!problems.isEmpty()) {
      throw new WeightsException(
          directory + ": the adapter does not fit the model: " + String.join("; ", problems));
    }
    return adapter;
  }

  private static String shape(HostTensor tensor) {
    return Arrays.toString(tensor.shape());
  }

  private void check(String path, Linear layer, List<String> problems) {
    boolean down = weights.has(path + "." + LowRank.DOWN);
    boolean up = weights.has(path + "." + LowRank.UP);
    if (down != up) {
      problems.add(path + " has one matrix of two");
    } else if (down) {
      HostTensor a = weights.get(path + "." + LowRank.DOWN);
      HostTensor b = weights.get(path + "." + LowRank.UP);
      boolean fits =
          a.rank() == 2
              && b.rank() == 2
              && a.dim(1) == layer.in()
              && b.dim(0) == layer.out()
              && a.dim(0) == b.dim(1)
              && a.dim(0) > 0;
      if (!fits) {
        problems.add(
            path
                + " is "
                + shape(a)
                + " and "
                + shape(b)
                + ", wanted [rank, "
                + layer.in()
                + "] and ["
                + layer.out()
                + ", rank]");
      }
    }
  }

  /** The place of a matrix, or null. */
  private static @Nullable String path(String name, Pretrained model, Map<String, Linear> layers) {
    for (String end : List.of("." + LowRank.DOWN, "." + LowRank.UP)) {
      if (name.endsWith(end)) {
        String layer = name.substring(0, name.length() - end.length());
        for (String weight : model.nameRules().candidates(layer + ".weight")) {
          String candidate = weight.substring(0, weight.length() - ".weight".length());
          if (layers.containsKey(candidate)) {
            return candidate + end;
          }
        }
      }
    }
    return null;
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
   * The weights of a model with the updates added, f32 where there is one: {@code W + scale B A}.
   */
  public Weights mergedInto(Pretrained model, Weights base) {
    Map<String, Linear> layers = LinearLayers.of(model);
    Map<String, HostTensor> merged = new LinkedHashMap<>(base.tensors());
    weights
        .tensors()
        .forEach(
            (path, tensor) -> {
              if (!LowRank.owns(path)) {
                merged.put(path, tensor);
              }
            });
    layers.forEach(
        (path, layer) -> {
          if (weights.has(path + "." + LowRank.DOWN)) {
            merged.put(path + ".weight", merged(path, layer, base.get(path + ".weight")));
          }
        });
    merged.keySet().removeIf(LowRank::owns);
    return Weights.of(merged, base.metadata());
  }

  private HostTensor merged(String path, Linear layer, HostTensor weight) {
    HostTensor down = weights.get(path + "." + LowRank.DOWN); // [rank, in]
    HostTensor up = weights.get(path + "." + LowRank.UP); // [out, rank]
    int rank = (int) down.dim(0);
    int in = layer.in();
    float[] a = down.toFloatArray();
    float[] b = up.toFloatArray();
    float[] sum = weight.cast(DType.F32).toFloatArray();
    double scale = config.scale(rank);
    double[] row = new double[in];
    for (int o = 0; o < layer.out(); o++) {
      Arrays.fill(row, 0);
      for (int r = 0; r < rank; r++) {
        double factor = scale * b[o * rank + r];
        for (int i = 0; i < in; i++) {
          row[i] += factor * a[r * in + i];
        }
      }
      for (int i = 0; i < in; i++) {
        int place = layer.style().inFirst() ? i * layer.out() + o : o * in + i;
        sum[place] += (float) row[i];
      }
    }
    return HostTensor.of(sum, weight.shape());
  }
}
