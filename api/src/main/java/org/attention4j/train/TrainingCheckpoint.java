package org.attention4j.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * Where a training run stands, in one file: parameters, optimizer state, step, seed, and whatever
 * the caller needs to go on with the same data, as strings.
 *
 * <p>The file is safetensors. Parameters are named {@code parameter.PATH}, optimizer state {@code
 * optimizer.SLOT.PATH}; the metadata hold {@code checkpoint.version}, {@code checkpoint.step} and
 * {@code checkpoint.seed}, and under {@code user.} the caller's strings. Immutable.
 *
 * @param state of the trainer
 * @param metadata strings of the caller's, such as the position in the corpus
 */
public record TrainingCheckpoint(TrainerState state, Map<String, String> metadata) {
  private static final String VERSION = "checkpoint.version";
  private static final String STEP = "checkpoint.step";
  private static final String SEED = "checkpoint.seed";
  private static final String CURRENT = "1";
  private static final String USER = "user.";
  private static final String WEIGHTS = "weights.";
  private static final String PARAMETER = "parameter.";
  private static final String OPTIMIZER = "optimizer.";
  private static final int LISTED = 10;

  /** Copies the strings. */
  public TrainingCheckpoint {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /** Where a trainer stands now. */
  public static TrainingCheckpoint of(Trainer trainer, Map<String, String> metadata) {
    return new TrainingCheckpoint(trainer.state(), metadata);
  }

  // ---- on disk

  /**
   * Writes the file, replacing an older one in one step: until the new one is whole and on the disk
   * the older one stays, even if the process is killed.
   *
   * @throws StorageException if it cannot be written, as on a full disk; the older file is
   *     untouched
   * @throws UsageException if a string cannot be written as UTF-8
   */
  public void save(Path file) {
    tensors(state).withMetadata(strings()).save(file);
  }

  private Map<String, String> strings() {
    Map<String, String> strings = new LinkedHashMap<>();
    strings.put(VERSION, CURRENT);
    strings.put(STEP, Long.toString(state.step()));
    strings.put(SEED, Long.toString(state.seed()));
    metadata.forEach((key, value) -> strings.put(USER + key, value));
    state.weights().metadata().forEach((key, value) -> strings.put(WEIGHTS + key, value));
    return strings;
  }

  /** All tensors under the names that they have in the file. */
  private static Weights tensors(TrainerState state) {
    return state
        .weights()
        .rename(path -> PARAMETER + path)
        .merge(Weights.of(state.slots()).rename(name -> OPTIMIZER + name));
  }

  /**
   * Opens a file. The tensors are mapped; see {@link Weights#load}.
   *
   * @throws StorageException if there is no such file, or it cannot be read
   * @throws FileFormatException if it is damaged, or no checkpoint of this version
   */
  public static TrainingCheckpoint load(Path file) {
    Weights all = Weights.load(file);
    String version = string(file, all, VERSION);
    if (!version.equals(CURRENT)) {
      throw new FileFormatException(
          file, "is a checkpoint of version " + version + "; this library reads " + CURRENT);
    }
    Map<String, HostTensor> parameters = new LinkedHashMap<>();
    Map<String, HostTensor> slots = new LinkedHashMap<>();
    all.tensors()
        .forEach(
            (name, tensor) -> {
              if (name.startsWith(PARAMETER)) {
                parameters.put(name.substring(PARAMETER.length()), tensor);
              } else if (name.startsWith(OPTIMIZER)) {
                slots.put(name.substring(OPTIMIZER.length()), tensor);
              } else {
                throw new FileFormatException(
                    file,
                    "tensor '" + name + "' is neither " + PARAMETER + "* nor " + OPTIMIZER + "*");
              }
            });
    Weights weights = Weights.of(parameters, below(WEIGHTS, all.metadata()));
    long step = number(file, all, STEP);
    if (step < 0) {
      throw new FileFormatException(file, "'" + STEP + "' is negative: " + step);
    }
    TrainerState state = new TrainerState(step, number(file, all, SEED), weights, slots);
    return new TrainingCheckpoint(state, below(USER, all.metadata()));
  }

  private static String string(Path file, Weights all, String key) {
    String value = all.metadata().get(key);
    if (value == null) {
      throw new FileFormatException(file, "is no checkpoint: it has no '" + key + "'");
    }
    return value;
  }

  private static long number(Path file, Weights all, String key) {
    String text = string(file, all, key);
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new FileFormatException(file, "'" + key + "' should be a number, not " + text, e);
    }
  }

  private static Map<String, String> below(String prefix, Map<String, String> strings) {
    Map<String, String> result = new LinkedHashMap<>();
    strings.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) {
            result.put(key.substring(prefix.length()), value);
          }
        });
    return result;
  }

  // ---- into a trainer

  /**
   * Lets a trainer continue from here, bit by bit as the one that was saved would.
   *
   * @throws WeightsException if this is of another model or optimizer; it lists the tensors that
   *     are missing, surplus, and of another shape or dtype. The trainer is unchanged
   */
  public void restore(Trainer trainer) {
    requireSameTensors(tensors(trainer.state()), tensors(state));
    trainer.restore(state);
  }

  private static void requireSameTensors(Weights wanted, Weights given) {
    List<String> missing = new ArrayList<>();
    List<String> different = new ArrayList<>();
    wanted
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (!given.has(name)) {
                missing.add(name + " " + type(tensor));
              } else if (!type(tensor).equals(type(given.get(name)))) {
                different.add(name + " is " + type(given.get(name)) + ", wanted " + type(tensor));
              }
            });
    List<String> surplus = given.names().stream().filter(name -> !wanted.has(name)).toList();
    List<String> problems = new ArrayList<>();
    describe(problems, "missing", missing);
    describe(problems, "surplus", surplus);
    describe(problems, "of another type", different);
    if (!problems.isEmpty()) {
      throw new WeightsException(
          "this checkpoint is of another model or optimizer: " + String.join("; ", problems));
    }
  }

  private static String type(HostTensor tensor) {
    return tensor.dtype().label() + Arrays.toString(tensor.shape());
  }

  private static void describe(List<String> problems, String what, List<String> names) {
    if (!names.isEmpty()) {
      int more = names.size() - LISTED;
      problems.add(
          names.size()
              + " "
              + what
              + ": "
              + String.join(", ", names.subList(0, Math.min(LISTED, names.size())))
              + (more > 0 ? " and " + more + " more" : ""));
    }
  }
}
