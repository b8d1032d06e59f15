package org.attention4j.conformance.golden;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.Sample;
import org.attention4j.conformance.Suite;
import org.attention4j.conformance.Target;
import org.attention4j.json.JsonValue;
import org.attention4j.nn.Model;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * One recorded case: a folder with {@code case.json} (what to compute), {@code io.safetensors}
 * ({@code in.*} and {@code in.param.*}, f32), {@code truth64.safetensors} ({@code out.*} and {@code
 * grad.*} in f64 from the same inputs) and {@code noise.json} (error of PyTorch's own f32 run).
 *
 * @param kind the folder above: attention, ops, modules, optim
 */
record GoldenFile(
    String kind, String name, JsonValue info, Weights io, Weights truth, JsonValue noise) {
  private static final double NOISE_FACTOR = 10;
  private static final double RELATIVE = 1e-5;

  static GoldenFile read(Path folder) {
    Path kind = Objects.requireNonNull(folder.getParent()).getFileName();
    return new GoldenFile(
        String.valueOf(kind),
        String.valueOf(folder.getFileName()),
        JsonValue.read(folder.resolve("case.json")),
        Weights.load(folder.resolve("io.safetensors")).copied(),
        Weights.load(folder.resolve("truth64.safetensors")).copied(),
        JsonValue.read(folder.resolve("noise.json")));
  }

  /** The check's name. */
  String title() {
    return "golden/" + kind + "/" + name;
  }

  /** What is computed, in the recording's words. */
  String op() {
    return info.has("op") ? info.get("op").text() : "";
  }

  boolean has(String input) {
    return io.has("in." + input);
  }

  HostTensor input(String input) {
    return io.get("in." + input);
  }

  TensorType type(String input) {
    HostTensor tensor = input(input);
    return TensorType.ofShape(tensor.dtype(), tensor.shape());
  }

  /** The parameters, without {@code in.param.}. */
  Map<String, HostTensor> parameters() {
    return below("in.param.", io);
  }

  private static Map<String, HostTensor> below(String prefix, Weights all) {
    Map<String, HostTensor> found = new LinkedHashMap<>();
    all.tensors()
        .forEach(
            (key, value) -> {
              if (key.startsWith(prefix)) {
                found.put(key.substring(prefix.length()), value);
              }
            });
    return found;
  }

  /** A recorded value with its limit: ten times the noise, or 1e-5 of the largest value. */
  Target target(String key) {
    HostTensor expected = truth.get(key);
    double largest = 0;
    for (long i = 0; i < expected.size(); i++) {
      double value = Math.abs(expected.getDouble(i));
      largest = Double.isFinite(value) ? Math.max(largest, value) : largest;
    }
    double noisy = 0;
    JsonValue entries = noise.get("outputs");
    for (String name : new String[] {key, key.replaceFirst("^out\\.", "")}) {
      if (entries.has(name)) {
        noisy = entries.get(name).get("max_abs_diff").asDouble();
        break;
      }
    }
    double bound = Math.max(NOISE_FACTOR * noisy, RELATIVE * largest);
    String words =
        String.format(Locale.ROOT, "max(10 x noise %.1e, 1e-5 x largest %.1e)", noisy, largest);
    return new Target(expected, Target.Limit.absolute(bound, words), "recorded/f64");
  }

  /** The case for a model that reads these inputs. */
  Case test(Model model, Collection<String> inputs, Collection<String> outputs) {
    return test(model, inputs, outputs, Weights.of(parameters()), Map.of());
  }

  /**
   * The case for a model that reads these inputs.
   *
   * @param outputs names of {@code out.*} that it computes
   * @param weights under the model's own paths
   * @param renamed more gradients, by the model's own paths
   */
  Case test(
      Model model,
      Collection<String> inputs,
      Collection<String> outputs,
      Weights weights,
      Map<String, Target> renamed) {
    Map<String, TensorType> types = new LinkedHashMap<>();
    Map<String, HostTensor> values = new LinkedHashMap<>();
    for (String input : inputs) {
      types.put(input, type(input));
      values.put(input, input(input));
    }
    Map<String, Target> expected = new LinkedHashMap<>();
    outputs.forEach(output -> expected.put(output, target("out." + output)));
    Map<String, Target> gradients = new LinkedHashMap<>(renamed);
    Set<String> varied = new LinkedHashSet<>();
    for (String key : below("grad.", truth).keySet()) {
      String path = key.replaceFirst("^param\\.", "");
      if (types.containsKey(key)) {
        varied.add(key);
        gradients.put(key, target("grad." + key));
      } else if (weights.has(path)) {
        gradients.put(path, target("grad." + key));
      }
    }
    Map<String, HostTensor> cotangents = below("in.cot.", io);
    if (cotangents.isEmpty() && expected.containsKey("loss")) {
      cotangents = Map.of("loss", HostTensor.scalar(1f));
    }
    Sample sample = new Sample(values, weights, cotangents);
    return new Case(
        title(),
        Suite.GOLDEN,
        new Program(model, types),
        random -> sample,
        DType.F32,
        varied,
        !gradients.isEmpty(),
        cotangents.keySet().stream().toList(),
        new Case.Recorded(expected, gradients));
  }
}
