package org.attention4j.models.huggingface.model;

import org.attention4j.models.family.Config;
import org.attention4j.nn.Model;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;

/** Which loss a head for classes learns by, as {@code problem_type} says. */
final class ProblemType {
  private static final String NUMBERS = "regression";
  private static final String ONE = "single_label_classification";
  private static final String SEVERAL = "multi_label_classification";

  private ProblemType() {}

  /**
   * The model with its loss of the input {@code labels}. Without the entry a single label is a
   * number, of several one holds if they are whole numbers, and else any may.
   *
   * @param type of the labels
   * @throws org.attention4j.error.FileFormatException if the entry is none of the three
   */
  static Model loss(Model model, Config config, int labels, DType type) {
    String several = type.isFloating() ? SEVERAL : ONE;
    String kind = config.text("problem_type", labels == 1 ? NUMBERS : several);
    return switch (kind) {
      case NUMBERS -> new SquaredLoss(model, labels);
      case ONE -> new LabelLoss(model, TensorType.i64("batch"), false);
      case SEVERAL -> new BinaryLoss(model, labels);
      default -> throw config.wrong("problem_type", NUMBERS + ", " + ONE + " or " + SEVERAL, kind);
    };
  }
}
