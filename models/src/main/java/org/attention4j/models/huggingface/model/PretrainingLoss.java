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
 * BERT's first training (Devlin et al. 2019, section 3.1): the cross-entropy of {@code
 * prediction_logits} against the input {@code labels} [batch, time], -100 where none counts, plus
 * that of {@code seq_relationship_logits} against {@code next_sentence_label} [batch], 0 where the
 * second text follows the first. Adds the output {@code loss}.
 */
record PretrainingLoss(Model model) implements Model {
  private static final String TOKENS = "labels";
  private static final String PAIRS = "next_sentence_label";

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put(TOKENS, TensorType.i64("batch", "time"));
    inputs.put(PAIRS, TensorType.i64("batch"));
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return CrossEntropy.mean().counted(Objects.requireNonNull(batch.get(TOKENS), "no labels"));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Inputs own = inputs.without(TOKENS).without(PAIRS);
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, own));
    Tensor tokens = Objects.requireNonNull(outputs.get("prediction_logits"), "no tokens");
    Tensor pairs = Objects.requireNonNull(outputs.get("seq_relationship_logits"), "no pairs");
    Tensor masked = tokens.apply(CrossEntropy.mean(), inputs.get(TOKENS));
    outputs.put("loss", masked.add(pairs.apply(CrossEntropy.mean(), inputs.get(PAIRS))));
    return outputs;
  }
}
