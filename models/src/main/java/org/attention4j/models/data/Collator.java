package org.attention4j.models.data;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.attention4j.tensor.HostTensor;

/** Puts examples together into the inputs of a model, {@code labels} included. */
@FunctionalInterface
public interface Collator {
  /**
   * Inputs by name.
   *
   * @param random for what is drawn; a function of the seed and the batch's number
   */
  Map<String, HostTensor> collate(List<Example> rows, SplittableRandom random);
}
