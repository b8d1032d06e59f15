package org.attention4j.models.huggingface;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.nn.Linear;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * Brings the tensors of {@code adapter_model.safetensors} to the paths of a model: parts of layers,
 * see {@link AdapterParts}, and parameters that were trained as a whole.
 */
final class AdapterFile {
  private static final String PREFIX = "base_model.model.";

  private final AdapterConfig config;
  private final Pretrained model;
  private final Map<String, TensorType> wanted;
  private final Map<String, Linear> linear;
  private final Map<String, HostTensor> placed = new LinkedHashMap<>();
  private final Map<String, HostTensor> copies = new LinkedHashMap<>();
  private final Map<String, String> layers = new LinkedHashMap<>();
  private final List<String> whole = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  private AdapterFile(AdapterConfig config, Pretrained model) {
    this.config = config;
    this.model = model;
    this.wanted = WeightFitting.wanted(model);
    this.linear = LinearLayers.of(model);
  }

  /**
   * The adapter of a file.
   *
   * @param problems takes what does not fit the model
   */
  static Adapter place(
      AdapterConfig config, Pretrained model, Weights file, List<String> problems) {
    AdapterFile reader = new AdapterFile(config, model);
    file.tensors().forEach(reader::place);
    Adapter adapter = reader.adapter(file);
    problems.addAll(reader.problems);
    return adapter;
  }

  private Adapter adapter(Weights file) {
    AdapterParts parts = new AdapterParts(Weights.of(placed, file.metadata()));
    for (String layer : parts.layers()) {
      long[] shape = shape(layer + ".weight");
      boolean bias = wanted.containsKey(layer + ".bias");
      String problem = parts.problem(layer, shape, inFirst(layer), bias, config.decomposed());
      if (problem != null) {
        problems.add(problem);
      }
      if (!linear.containsKey(layer)) {
        tied(layer + ".weight");
      }
    }
    whole.forEach(this::tied);
    for (String copy : copies.keySet()) {
      String original = model.nameRules().tied().get(copy);
      if (!placed.containsKey(original)) {
        problems.add(copy + " is tied to " + original + ", and is adapted without it");
      }
    }
    if (!config.tokens().indices().isEmpty()
        && placed.keySet().stream().noneMatch(name -> name.endsWith(TokenRows.END))) {
      problems.add("no rows for 'trainable_token_indices'");
    }
    if (layers.isEmpty()) {
      problems.add("no matrices of an adapter");
    }
    return new Adapter(config.placed(layers, linear.keySet()), parts.weights());
  }

  private long[] shape(String path) {
    TensorType type = wanted.get(path);
    return type == null ? new long[0] : type.shape();
  }

  private boolean inFirst(String layer) {
    Linear known = linear.get(layer);
    return known != null && known.style().inFirst();
  }

  private void place(String name, HostTensor tensor) {
    String plain = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
    if (plain.contains(".original_module.")) {
      return; // what a module that was trained as a whole had been before
    }
    boolean base = plain.contains(".base_layer.");
    plain = plain.replace(".base_layer.", ".").replaceFirst("\\.modules_to_save(\\.default)?", "");
    String end = AdapterParts.end(plain);
    boolean known = tensor.dtype().isFloating();
    if (known && plain.endsWith(TokenRows.END)) {
      known = rows(plain.substring(0, plain.length() - TokenRows.END.length()), tensor);
    } else if (known && end != null) {
      String layer = plain.substring(0, plain.length() - end.length() - 1);
      String path = path(layer + ".weight");
      known = path != null;
      if (path != null) {
        String at = path.substring(0, path.length() - ".weight".length());
        layers.put(at, layer);
        placed.put(at + "." + AdapterParts.canonical(end), tensor);
      }
    } else if (known) {
      known = parameter(plain, tensor, base);
    }
    if (!known) {
      problems.add("surplus " + name + " " + Arrays.toString(tensor.shape()));
    }
  }

  private boolean rows(String table, HostTensor tensor) {
    String path = path(table + ".weight");
    if (path == null) {
      return false;
    }
    String at = path.substring(0, path.length() - ".weight".length());
    String problem = config.tokens().problem(at, shape(path), tensor);
    if (problem != null) {
      problems.add(problem);
    }
    placed.put(at + TokenRows.END, tensor);
    return true;
  }

  private boolean parameter(String plain, HostTensor tensor, boolean base) {
    if (!base && !config.saves(plain) && !config.trainsBias(plain)) {
      return false;
    }
    for (String candidate : model.nameRules().candidates(plain)) {
      if (model.nameRules().tied().containsKey(candidate)) {
        copies.put(candidate, tensor);
        return true;
      }
    }
    String path = path(plain);
    if (path == null) {
      return false;
    }
    if (!Arrays.equals(shape(path), tensor.shape())) {
      problems.add(
          path + " is " + Arrays.toString(tensor.shape()) + ", wanted " + wanted.get(path));
    }
    placed.put(path, tensor);
    if (!base) {
      whole.add(path);
    }
    return true;
  }

  /** PEFT trains one of two tied weights alone: as one weight they would be another model. */
  private void tied(String path) {
    HostTensor own = placed.get(path);
    model
        .nameRules()
        .tied()
        .forEach(
            (copy, original) -> {
              HostTensor other = copies.get(copy);
              boolean same = own != null && other != null && other.equalsExactly(own);
              if (original.equals(path) && !same) {
                problems.add(path + " is tied to " + copy + ", and is adapted without it");
              }
            });
  }

  private @Nullable String path(String name) {
    return model.nameRules().candidates(name).stream()
        .filter(wanted::containsKey)
        .findFirst()
        .orElse(null);
  }
}
