package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A model that paints hidden patches, with the mean distance of its {@code reconstruction} from the
 * input {@code pixel_values} in the patches that {@code bool_masked_pos} [batch, patches] hides
 * (Xie et al. 2022, section 3.4). Adds the output {@code loss}.
 *
 * @param side pixels of a patch's side
 */
record PixelLoss(ImageModel model, int side) implements Model {
  private static final double EPSILON = 1e-5;

  @Override
  public Map<String, TensorType> inputs() {
    return model.allInputs();
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    HostTensor hidden = Objects.requireNonNull(batch.get(ImageModel.MASKED), "nothing is hidden");
    long count = 0;
    for (long i = 0; i < hidden.size(); i++) {
      count += hidden.getLong(i);
    }
    return count;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, inputs));
    Tensor painted = Objects.requireNonNull(outputs.get("reconstruction"), "nothing is painted");
    Tensor error = painted.sub(inputs.get(ImageModel.PIXELS).cast(painted.dtype())).abs();
    Tensor hidden = inputs.get(ImageModel.MASKED).cast(painted.dtype()); // [batch, patches]
    int rows = (int) Math.sqrt(model.patches().patches());
    Tensor mask =
        hidden
            .reshape(hidden.dim(0), 1, rows, 1, rows, 1)
            .expand(3, Dim.of(side))
            .expand(5, Dim.of(side)) // [batch, 1, rows, side, rows, side]
            .reshape(hidden.dim(0), 1, rows * side, rows * side);
    Tensor sum = error.mul(mask).sum(0, 1, 2, 3);
    Tensor count = mask.sum(0, 1, 2, 3).add(EPSILON);
    outputs.put("loss", sum.div(count).div(model.patches().channels()).reshape(List.of()));
    return outputs;
  }
}
