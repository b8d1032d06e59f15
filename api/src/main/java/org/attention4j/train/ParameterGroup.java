package org.attention4j.train;

import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.TensorType;

/**
 * Parameters that share weight decay and a factor of the learning rate.
 *
 * @param paths regular expression that the whole path matches
 * @param minimumRank smaller parameters do not belong to it
 * @param weightDecay rate of decay
 * @param rateFactor factor of the learning rate; 0 freezes: no gradient is computed, no optimizer
 *     state kept, and clipping does not see them
 */
public record ParameterGroup(String paths, int minimumRank, double weightDecay, double rateFactor) {

  /** Every parameter. */
  public static ParameterGroup all(double weightDecay) {
    return new ParameterGroup(".*", 0, weightDecay, 1);
  }

  /** Parameters that stay as they are. */
  public static ParameterGroup frozen(String paths) {
    return new ParameterGroup(paths, 0, 0, 0);
  }

  /** Whether its parameters are trained. */
  public boolean trains() {
    return rateFactor != 0;
  }

  /** Matrices decay; biases and norm weights do not, as in GPT. */
  public static List<ParameterGroup> matricesDecay(double weightDecay) {
    return List.of(new ParameterGroup(".*", 2, weightDecay, 1), all(0));
  }

  /**
   * The first group that a parameter belongs to.
   *
   * @throws UsageException if there is none
   */
  public static ParameterGroup of(List<ParameterGroup> groups, String path, TensorType type) {
    for (ParameterGroup group : groups) {
      if (type.rank() >= group.minimumRank && path.matches(group.paths)) {
        return group;
      }
    }
    throw new UsageException("parameter " + path + " belongs to no group of " + groups);
  }
}
