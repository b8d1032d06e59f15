package org.attention4j.models.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.StorageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * A recorded case: a model's directory with {@code io.safetensors}, and perhaps {@code
 * truth64.safetensors}, {@code grads.safetensors} and {@code noise.json}.
 */
final class GoldenCase {
  private static final String INPUTS_AND_OUTPUTS = "io.safetensors";
  private static final String IN = "in.";
  private static final String OUT = "out.";

  private final Path directory;
  private final Weights recorded;
  private final Weights truth;
  private final Weights gradients;
  private final JsonNode noise;

  GoldenCase(Path directory) {
    this.directory = directory;
    this.recorded = Weights.load(directory.resolve(INPUTS_AND_OUTPUTS));
    this.truth = optional("truth64.safetensors");
    this.gradients = optional("grads.safetensors");
    Path noiseFile = directory.resolve("noise.json");
    this.noise = Files.exists(noiseFile) ? JsonFile.read(noiseFile) : JsonFile.object();
  }

  private Weights optional(String file) {
    Path path = directory.resolve(file);
    return Files.exists(path) ? Weights.load(path) : Weights.empty();
  }

  /** The cases in a folder: itself, or the folders in it that are some; in order. */
  static List<Path> in(Path folder) {
    if (Files.exists(folder.resolve(INPUTS_AND_OUTPUTS))) {
      return List.of(folder);
    }
    List<Path> cases = new ArrayList<>();
    try (var paths = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path path : paths) {
        boolean model = Files.exists(path.resolve("config.json"));
        if (model && Files.exists(path.resolve(INPUTS_AND_OUTPUTS))) {
          cases.add(path);
        }
      }
    } catch (java.io.IOException e) {
      throw StorageException.of("cannot list " + folder, e);
    }
    return cases.stream().sorted().toList();
  }

  Path directory() {
    return directory;
  }

  String name() {
    return String.valueOf(directory.toAbsolutePath().normalize().getFileName());
  }

  /** Inputs below a prefix such as {@code padded.}, without those of deeper ones. */
  Map<String, HostTensor> inputs(String prefix) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    recorded
        .tensors()
        .forEach(
            (name, tensor) -> {
              String rest =
                  name.startsWith(IN + prefix) ? name.substring((IN + prefix).length()) : ".";
              if (!rest.contains(".")) {
                inputs.put(rest, tensor);
              }
            });
    return inputs;
  }

  /** Names of the outputs below a prefix; at the top, those of padded runs and decoding are not. */
  List<String> outputs(String prefix) {
    List<String> names = new ArrayList<>();
    for (String name : recorded.names()) {
      if (name.startsWith(OUT + prefix)) {
        String rest = name.substring((OUT + prefix).length());
        if (!rest.startsWith("padded.")
            && !rest.startsWith("gen.")
            && !rest.startsWith("gen_left.")) {
          names.add(rest);
        }
      }
    }
    return names;
  }

  boolean has(String output) {
    return recorded.has(OUT + output);
  }

  /** An output: in f64 where the file has it so. */
  HostTensor output(String name) {
    return truth.has(OUT + name) ? truth.get(OUT + name) : recorded.get(OUT + name);
  }

  Weights gradients() {
    return gradients;
  }

  /** The four losses, in f64 where the file has them so. */
  HostTensor losses() {
    return (truth.has("train.losses") ? truth : gradients).get("train.losses");
  }

  /** Parameters whose exact gradient is 0, so that Adam's steps are rounding noise. */
  List<String> unstable() {
    List<String> names = new ArrayList<>();
    noise.at("/info/after3_unstable_params/params").forEach(name -> names.add(name.asText()));
    return names;
  }

  /**
   * Largest difference that passes: ten times the noise of f32, or 1e-5 of the largest value if
   * that is more.
   *
   * @param section of the noise file: outputs, grads or after3
   * @param expected for its largest value, if the file does not tell
   */
  double allowed(String section, String name, HostTensor expected) {
    JsonNode entry = noise.path(section).path(name);
    double most = entry.path("max_abs").asDouble(-1);
    if (most < 0) {
      most = Comparison.magnitude(expected);
    }
    return Math.max(10 * entry.path("max_abs_diff").asDouble(0), 1e-5 * most);
  }

  /** The same for the losses. */
  double allowedLoss(int step) {
    double f32 = noise.at("/losses/fp32").path(step).asDouble(0);
    double f64 = noise.at("/losses/fp64").path(step).asDouble(0);
    double loss = losses().getDouble(step);
    return Math.max(10 * Math.abs(f32 - f64), 1e-5 * Math.abs(loss));
  }
}
