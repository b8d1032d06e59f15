package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A sentence encoder that learns from pairs: rows 0, 2, 4 ... of a batch are sentences, each
 * followed by its partner, and the partners of the others are wrong answers (Henderson et al. 2017,
 * section 4.4). The loss is the cross-entropy of 20 times the cosines.
 */
record PairLoss(EncoderModel model) implements Model {
  private static final double SCALE = 20;
  private static final double NEVER = -1e4; // far below every cosine, and a number in f16
  private static final long IGNORED = -100;

  @Override
  public Map<String, TensorType> inputs() {
    return model.inputs();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor hidden = model.hidden(scope, inputs);
    Map<String, Tensor> outputs =
        new LinkedHashMap<>(model.pooling().outputs(scope, hidden, inputs.find("attention_mask")));
    Tensor sentence = SentencePooling.unit(outputs);
    Tensor scores = sentence.matmulTransposed(sentence).mul(SCALE); // [batch, batch]
    Tensor row = scores.iota(scores.dim(0)); // [batch]
    Tensor half = row.cast(scores.dtype()).mul(0.5);
    Tensor first = half.floor().eq(half); // rows 0, 2, 4 ...
    Tensor partners = first.where(scores.scalar(NEVER), scores);
    Tensor labels = first.where(row.add(row.integers(1)), row.integers(IGNORED));
    outputs.put("loss", partners.apply(CrossEntropy.mean(), labels));
    return outputs;
  }
}
