package org.attention4j.models.run;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.attention4j.error.UsageException;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.Optimizer;
import org.attention4j.train.TrainingCheckpoint;
import org.attention4j.weights.Weights;

/**
 * Parameters that an optimizer never moves: a checkpoint need not hold them, as a resumed run has
 * them from where the first one had them. A fingerprint tells whether they are still the same.
 */
final class FrozenWeights {
  private static final String FINGERPRINT = "frozen";

  private final Set<String> paths = new TreeSet<>();
  private final String fingerprint;

  /**
   * Those among all weights of a trainer.
   *
   * @param weights as the trainer has them, before or after any number of steps
   */
  FrozenWeights(Weights weights, Optimizer optimizer) {
    weights
        .tensors()
        .forEach(
            (path, tensor) -> {
              TensorType type = TensorType.ofShape(tensor.dtype(), tensor.shape());
              if (!optimizer.trains(path, type)) {
                paths.add(path);
              }
            });
    this.fingerprint = paths.isEmpty() ? "" : fingerprint(weights);
  }

  /** The checkpoint without them. */
  TrainingCheckpoint removedFrom(TrainingCheckpoint whole) {
    if (paths.isEmpty()) {
      return whole;
    }
    Map<String, HostTensor> rest = new LinkedHashMap<>(whole.state().weights().tensors());
    rest.keySet().removeAll(paths);
    Map<String, String> metadata = new LinkedHashMap<>(whole.metadata());
    metadata.put(FINGERPRINT, fingerprint);
    return new TrainingCheckpoint(with(whole.state(), rest), metadata);
  }

  /**
   * A checkpoint with them again; one that holds all parameters stays as it is.
   *
   * @param file of the checkpoint, for the error
   * @param now the weights that this was made of
   * @throws UsageException if the weights are not those that the saved run had
   */
  TrainingCheckpoint addedTo(TrainingCheckpoint saved, Path file, Weights now) {
    String wanted = saved.metadata().get(FINGERPRINT);
    if (wanted == null) {
      return saved;
    }
    if (!wanted.equals(fingerprint)) {
      throw new UsageException(
          file
              + " goes on from other weights: the frozen ones have the fingerprint "
              + wanted
              + ", those of the directory to start from "
              + (fingerprint.isEmpty() ? "none, as all of them learn" : fingerprint)
              + "; resume with the directory as it was when the run began");
    }
    Map<String, HostTensor> all = new LinkedHashMap<>(saved.state().weights().tensors());
    paths.forEach(path -> all.put(path, now.get(path)));
    return new TrainingCheckpoint(with(saved.state(), all), saved.metadata());
  }

  private static TrainerState with(TrainerState state, Map<String, HostTensor> weights) {
    Weights changed = Weights.of(weights, state.weights().metadata());
    return new TrainerState(state.step(), state.seed(), changed, state.slots());
  }

  /** SHA-256 of names, types and bytes, in the order of the names. */
  private String fingerprint(Weights weights) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String path : paths) {
        HostTensor tensor = weights.get(path);
        String type = path + " " + tensor.dtype().label() + Arrays.toString(tensor.shape()) + "\n";
        digest.update(type.getBytes(StandardCharsets.UTF_8));
        digest.update(tensor.buffer());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
