package org.attention4j.spi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * Everything that the next training step depends on.
 *
 * @param step optimizer steps taken
 * @param seed of dropout
 * @param weights the parameters, f32
 * @param slots optimizer state: {@code SLOT.PATH} to a tensor of the parameter's shape
 */
public record TrainerState(long step, long seed, Weights weights, Map<String, HostTensor> slots) {
  public TrainerState {
    slots = Collections.unmodifiableMap(new LinkedHashMap<>(slots));
  }
}
