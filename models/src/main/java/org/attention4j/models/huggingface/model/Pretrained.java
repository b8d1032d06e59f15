package org.attention4j.models.huggingface.model;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Family;
import org.attention4j.nn.Model;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/** A model of one of Hugging Face's families, with its names for inputs, outputs and weights. */
public interface Pretrained extends Family {

  /** What stands on top of the layers. */
  Task task();

  /** All inputs that it takes, those that may be left out included. */
  Map<String, TensorType> allInputs();

  /**
   * Values inside that can be had on request: paths by Hugging Face's names, such as {@code
   * hidden_states.0} and {@code attentions.0}.
   */
  Map<String, String> observable();

  /** How names in files differ from the paths. */
  NameRules nameRules();

  /**
   * The model with the loss that Hugging Face computes from the input {@code labels}, or from
   * {@code start_positions} and {@code end_positions} of answers: one more output {@code loss}.
   */
  Model withLoss();

  /**
   * The same for labels of a type, which tells classes of which one holds (whole numbers) from
   * those of which several may, where {@code problem_type} in {@code config.json} does not.
   */
  default Model withLoss(DType labels) {
    return withLoss();
  }

  /**
   * Whether what a token sees of earlier ones depends on how long the sequence has become, as with
   * dynamic rotary scaling: then decoding with a cache differs from recomputation.
   */
  default boolean changesWithLength() {
    return false;
  }

  /** Whether a token sees none that come after it. */
  default boolean causal() {
    return false;
  }

  /**
   * Whether a sequence longer than {@link #context} cannot be read, because positions beyond it
   * have no vector; otherwise that is only what the model was trained on.
   */
  default boolean bounded() {
    return true;
  }

  /**
   * Whether tokenizers give it {@code token_type_ids}, which tell the second text of a pair from
   * the first.
   */
  default boolean readsTypes() {
    return allInputs().containsKey("token_type_ids") && config().size("type_vocab_size", 2) > 1;
  }

  /** Number of token ids in {@code input_ids}, where they are others than those of the logits. */
  default int sourceVocabulary() {
    return vocabulary();
  }

  /**
   * Refuses values of inputs that the model cannot make sense of, and that a graph cannot refuse.
   *
   * @throws UsageException that says which
   */
  default void check(Map<String, HostTensor> inputs) {}

  /**
   * The model as it is run with some inputs.
   *
   * @throws UsageException if it does not take one of them
   */
  default Program program(Collection<String> inputs) {
    Map<String, TensorType> types = new LinkedHashMap<>();
    for (String name : inputs) {
      TensorType type = allInputs().get(name);
      if (type == null) {
        throw new UsageException(
            family() + " takes no input '" + name + "', only " + allInputs().keySet());
      }
      types.put(name, type);
    }
    return new Program(this, types);
  }

  /**
   * The model as it is run with given values; with {@code labels}, or what else its loss reads, it
   * returns the loss, too.
   *
   * @throws UsageException if it does not take one of them
   */
  default Program program(Map<String, HostTensor> given) {
    if (task() == Task.FEATURES || allInputs().keySet().containsAll(given.keySet())) {
      return program(given.keySet());
    }
    HostTensor labels = given.get("labels");
    Model learning = withLoss(labels == null ? DType.I64 : labels.dtype());
    Map<String, TensorType> types = new LinkedHashMap<>(allInputs());
    types.putAll(learning.inputs());
    if (!types.keySet().containsAll(given.keySet())) {
      return program(given.keySet()); // which refuses them
    }
    types.keySet().retainAll(given.keySet());
    return new Program(learning, types);
  }
}
