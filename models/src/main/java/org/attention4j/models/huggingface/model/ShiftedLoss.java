package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * An encoder-decoder with the mean cross-entropy of its {@code logits} against the input {@code
 * labels} [batch, time]; labels of -100 do not count. Without {@code decoder_input_ids} the decoder
 * reads the labels one place later. Adds the output {@code loss}.
 */
public record ShiftedLoss(Model model, Labels rule) implements Model {
  private static final String LABELS = "labels";
  private static final String DECODER_IDS = "decoder_input_ids";
  private static final int IGNORED = -100;

  /**
   * How labels become the decoder's input.
   *
   * @param start the token before the first label
   * @param padding the token instead of -100
   */
  public record Labels(long start, long padding) {
    /** Tokens [batch, time] one place later, behind the first one; -100 becomes padding. */
    Tensor shift(Tensor labels) {
      Tensor zeros = labels.mul(0);
      Tensor tokens =
          labels.eq(labels.integers(IGNORED)).where(zeros.add((double) padding), labels);
      Tensor first = zeros.slice(1, 0, 1).add((double) start); // [batch, 1]
      return first.concat(1, tokens).slice(1, 0, labels.dim(1));
    }
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.remove(DECODER_IDS);
    inputs.put(LABELS, TensorType.i64("batch", "time"));
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return CrossEntropy.mean().counted(Objects.requireNonNull(batch.get(LABELS), "no labels"));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor wanted = inputs.get(LABELS);
    Map<String, Tensor> all = new LinkedHashMap<>(inputs.without(LABELS).tensors());
    all.computeIfAbsent(DECODER_IDS, name -> rule.shift(wanted));
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, new Inputs(all)));
    Tensor logits = Objects.requireNonNull(outputs.get("logits"), "the model has no logits");
    outputs.put("loss", logits.apply(CrossEntropy.mean(), wanted));
    return outputs;
  }
}
