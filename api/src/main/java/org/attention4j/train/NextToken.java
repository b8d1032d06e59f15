package org.attention4j.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A language model with its loss: cross-entropy of {@code logits} [batch, time, vocabulary] against
 * the input {@code targets}, i64 [batch, time], which the caller has shifted. Adds the output
 * {@code loss}.
 */
public record NextToken(Model model, CrossEntropy criterion) implements Model {

  /** Mean loss without smoothing; targets of -100 do not count. */
  public NextToken(Model model) {
    this(model, CrossEntropy.mean());
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put("targets", TensorType.i64(Dim.symbol("batch"), Dim.symbol("time")));
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return criterion.counted(Objects.requireNonNull(batch.get("targets"), "no targets"));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs =
        new LinkedHashMap<>(model.apply(scope, inputs.without("targets")));
    Tensor logits =
        Objects.requireNonNull(outputs.get("logits"), "the model has no output 'logits'");
    outputs.put("loss", logits.apply(criterion, inputs.get("targets")));
    return outputs;
  }
}
