package org.attention4j.models.run;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** Causal attention and nothing else, to measure it: [batch, heads, time, size] each. */
public record AttentionOnly(int heads, int size) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    TensorType type = TensorType.f32("batch", heads, "time", size);
    return Map.of("query", type, "key", type, "value", type);
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor output =
        AttentionCall.of(inputs.get("query"), inputs.get("key"), inputs.get("value"))
            .mask(Mask.causal())
            .apply();
    return Map.of("output", output);
  }

  /** Normally distributed queries, keys and values. */
  public Map<String, HostTensor> example(int batch, int time, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    for (String name : new String[] {"query", "key", "value"}) {
      float[] values = new float[batch * heads * time * size];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      inputs.put(name, HostTensor.of(values, batch, heads, time, size));
    }
    return inputs;
  }
}
