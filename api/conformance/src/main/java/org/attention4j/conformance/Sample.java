package org.attention4j.conformance;

import java.util.Map;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * The numbers of one case.
 *
 * @param inputs by name
 * @param weights of the model
 * @param cotangents of the outputs for the gradient check; drawn at random where there are none
 */
public record Sample(
    Map<String, HostTensor> inputs, Weights weights, Map<String, HostTensor> cotangents) {
  public Sample {
    inputs = Map.copyOf(inputs);
    cotangents = Map.copyOf(cotangents);
  }

  /** Numbers whose cotangents are drawn. */
  public static Sample of(Map<String, HostTensor> inputs, Weights weights) {
    return new Sample(inputs, weights, Map.of());
  }
}
