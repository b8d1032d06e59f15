package org.attention4j.models.huggingface;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.Count;
import org.attention4j.error.WeightsException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** Brings the tensors of a file to the paths of a model, or lists all that does not fit. */
final class WeightFitting {
  /** All of any real model's; a file that is made to annoy does not fill the screen. */
  private static final int LISTED = 1000;

  /** What configurations call the number of layers. */
  private static final List<String> LAYERS =
      List.of(
          "num_hidden_layers",
          "n_layer",
          "n_layers",
          "num_layers",
          "num_decoder_layers",
          "encoder_layers",
          "decoder_layers");

  private final NameRules rules;
  private final Weights file;
  private final Map<String, TensorType> wanted;
  private final Map<String, HostTensor> found = new LinkedHashMap<>();
  private final Map<String, String> paths = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();

  private WeightFitting(NameRules rules, Weights file, Map<String, TensorType> wanted) {
    this.rules = rules;
    this.file = file;
    this.wanted = wanted;
  }

  /**
   * Weights under the model's paths.
   *
   * @param paths of the names in the file
   */
  record Fitted(Weights weights, Map<String, String> paths) {}

  /**
   * The weights under the model's paths; tensors are shared, not copied.
   *
   * @param wanted the model's parameters; see {@link #wanted}
   * @throws WeightsException that lists everything missing, left over, or of another shape
   */
  static Fitted fit(NameRules rules, Weights file, Map<String, TensorType> wanted) {
    return new WeightFitting(rules, file, wanted).fit();
  }

  /**
   * Refuses a file with fewer tensors than a configuration has layers, before so many are built.
   *
   * @throws WeightsException that names the entry
   */
  static void requireLayers(Config config, Weights file) {
    int tensors = file.names().size();
    for (String name : LAYERS) {
      int layers = config.json().path(name).asInt();
      if (layers > tensors) {
        throw new WeightsException(
            "weights do not fit the model: it has "
                + Count.of(layers, "layer")
                + " ('"
                + name
                + "' in config.json), but the file holds only "
                + Count.of(tensors, "tensor"));
      }
    }
  }

  /** The types of a model's parameters, by path. */
  static Map<String, TensorType> wanted(Pretrained model) {
    return Graph.trace(model, model.inputs(), TraceOptions.primitives()).parameterTypes();
  }

  /**
   * Those weights under the model's paths that the file has in the right shape; what else it holds
   * is left alone.
   */
  static Fitted fitPart(Pretrained model, Weights file) {
    Map<String, TensorType> wanted = wanted(model);
    WeightFitting fitting = new WeightFitting(model.nameRules(), file, wanted);
    fitting.find();
    Map<String, HostTensor> fit = new LinkedHashMap<>();
    wanted.forEach(
        (path, type) -> {
          HostTensor tensor = fitting.found.get(path);
          if (tensor != null
              && tensor.dtype().isFloating()
              && Arrays.equals(tensor.shape(), type.shape())) {
            fit.put(path, tensor);
          }
        });
    return new Fitted(Weights.of(fit, file.metadata()), fitting.paths);
  }

  private void find() {
    file.tensors().forEach(this::place);
    rules.tied().forEach(this::untie);
  }

  private Fitted fit() {
    find();
    rules.tied().forEach(this::compare);
    Map<String, HostTensor> ordered = new LinkedHashMap<>();
    wanted.forEach(
        (path, type) -> {
          HostTensor tensor = found.get(path);
          if (tensor == null) {
            problems.add("missing " + path + " " + type);
          } else {
            check(path, type, tensor);
            ordered.put(path, tensor);
          }
        });
    if (!problems.isEmpty()) {
      int more = problems.size() - LISTED;
      throw new WeightsException(
          "weights do not fit the model: "
              + String.join("; ", problems.subList(0, Math.min(LISTED, problems.size())))
              + (more > 0 ? "; and " + more + " more" : ""));
    }
    return new Fitted(Weights.of(ordered, file.metadata()), paths);
  }

  private void place(String name, HostTensor tensor) {
    for (String candidate : rules.candidates(name)) {
      boolean other = !candidate.equals(name) && file.has(candidate);
      if (wanted.containsKey(candidate) && !other && found.putIfAbsent(candidate, tensor) == null) {
        paths.put(name, candidate);
        return;
      }
    }
    if (rules.candidates(name).stream()
        .noneMatch(c -> rules.ignores(c) || rules.tied().containsKey(c))) {
      problems.add("surplus " + name + " " + Arrays.toString(tensor.shape()));
    }
  }

  /** The copy, where the original is not in the file. */
  private void untie(String copy, String original) {
    if (wanted.containsKey(original) && !found.containsKey(original)) {
      file.tensors()
          .forEach(
              (name, tensor) -> {
                if (rules.candidates(name).contains(copy)
                    && found.putIfAbsent(original, tensor) == null) {
                  paths.put(name, original);
                }
              });
    }
  }

  /** A copy that differs is a weight of its own: to leave it out would change the numbers. */
  private void compare(String copy, String original) {
    HostTensor used = found.get(original);
    if (used == null || wanted.containsKey(copy) || rules.ignores(copy)) {
      return;
    }
    file.tensors()
        .forEach(
            (name, tensor) -> {
              if (rules.candidates(name).contains(copy) && !tensor.equalsExactly(used)) {
                problems.add(
                    name
                        + " differs from "
                        + original
                        + ", of which it should be a copy: the model reads only one of them");
              }
            });
  }

  private void check(String path, TensorType type, HostTensor tensor) {
    if (!Arrays.equals(tensor.shape(), type.shape())) {
      problems.add(path + " is " + Arrays.toString(tensor.shape()) + ", wanted " + type);
    } else if (!tensor.dtype().isFloating()) {
      problems.add(path + " is " + tensor.dtype().label() + ", wanted " + type);
    }
  }
}
