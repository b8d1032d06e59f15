package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;

/**
 * From hidden states to where an answer begins and ends (Devlin et al. 2019, section 4.2): one
 * layer with two outputs for each token, {@code qa_outputs} at the top.
 *
 * @param dropout before the layer
 */
public record SpanHead(Linear.Style style, double dropout) {
  static final String START = "start_logits";
  static final String END = "end_logits";
  private static final String NAME = "qa_outputs";

  /** [batch, time, width] to {@code start_logits} and {@code end_logits}, [batch, time] each. */
  Map<String, Tensor> apply(Scope top, Tensor hidden) {
    Tensor x = top.dropout(NAME + ".dropout", hidden, dropout);
    Linear layer = new Linear(hidden.type().size(-1), 2, style);
    Tensor both = top.call(NAME, layer, x); // [batch, time, 2]
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put(START, both.at(2, 0));
    outputs.put(END, both.at(2, 1));
    return outputs;
  }
}
