package org.attention4j.models.huggingface;

import org.attention4j.models.family.Config;
import org.attention4j.nn.Model;
import org.attention4j.tensor.TensorType;

/** Which loss a head for classes learns by, as {@code problem_type} says. */
final class ProblemType {
  private static final String NUMBERS = "regression";
  private static final String ONE = "single_label_classification";
  private static final String SEVERAL = "multi_label_classification";

  private ProblemType() {}

  /**
   * The model with its loss of the input {@code labels}; without the entry a single label is a
   * number, and of several one holds.
   *
   * @throws org.attention4j.error.FileFormatException if the entry is none of the three
   */
  static Model loss(Model model, Config config, int labels) {
    String type = config.text("problem_type", labels == 1 ? NUMBERS : ONE);
    return switch (type) {
      case NUMBERS -> new SquaredLoss(model, labels);
      case ONE -> new LabelLoss(model, TensorType.i64("batch"), false);
      case SEVERAL -> new BinaryLoss(model, labels);
      default -> throw config.wrong("problem_type", NUMBERS + ", " + ONE + " or " + SEVERAL, type);
    };
  }
}
