package org.attention4j.generate;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** A language model that tells the logits after the last token only: [batch, 1, vocabulary]. */
record LastLogits(Model of) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    return of.inputs();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(of.apply(scope, inputs));
    Tensor logits = outputs.get(Steps.LOGITS); // [batch, time, vocabulary]
    if (logits == null || logits.rank() != 3) {
      throw new UsageException(
          "generation needs a model with an output '"
              + Steps.LOGITS
              + "' [batch, time, vocabulary], got "
              + outputs);
    }
    Dim time = logits.dim(1);
    outputs.put(Steps.LOGITS, logits.slice(1, time.minus(1), time));
    return outputs;
  }
}
