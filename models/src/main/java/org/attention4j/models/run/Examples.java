package org.attention4j.models.run;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.attention4j.models.family.Family;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/** Random inputs of a model, to compare engines on. */
public final class Examples {
  private static final String PIXELS = "pixel_values";
  private static final String MASK = "attention_mask";

  private Examples() {}

  /** Of several batch and time sizes, up to the model's context. */
  public static List<Map<String, HostTensor>> several(Family model, long seed) {
    int context = model.context();
    return List.of(
        of(model, 1, 1, seed),
        of(model, 2, Math.min(7, context), seed + 1),
        of(model, 3, Math.min(16, context), seed + 2),
        of(model, 1, Math.min(64, context), seed + 3));
  }

  /**
   * Tokens drawn evenly from the vocabulary, or images of normal noise; the source of an
   * encoder-decoder is two longer.
   */
  public static Map<String, HostTensor> of(Family model, int batch, int time, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    TensorType pixels = model.inputs().get(PIXELS);
    if (pixels != null) {
      return Map.of(PIXELS, noise(pixels, batch, new Random(seed)));
    }
    boolean translates = !model.tokensInput().equals("input_ids");
    int source = translates ? Math.min(time + 2, model.context()) : time;
    inputs.put("input_ids", tokens(model, batch, source, random));
    if (translates) {
      if (model.inputs().containsKey(MASK)) {
        inputs.put(MASK, mask(batch, source));
      }
      inputs.put(model.tokensInput(), tokens(model, batch, time, random));
    }
    return inputs;
  }

  /** [batch, channels, height, width]. */
  private static HostTensor noise(TensorType type, int batch, Random random) {
    long[] shape = new long[type.rank()];
    shape[0] = batch;
    int size = batch;
    for (int axis = 1; axis < shape.length; axis++) {
      shape[axis] = type.dim(axis).longSize();
      size *= (int) shape[axis];
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return HostTensor.of(values, shape);
  }

  private static HostTensor tokens(Family model, int batch, int time, SplittableRandom random) {
    long[] ids = random.longs((long) batch * time, 0, model.vocabulary()).toArray();
    return HostTensor.of(ids, batch, time);
  }

  /** All ones, but for the last position of every row after the first. */
  private static HostTensor mask(int batch, int time) {
    long[] mask = new long[batch * time];
    Arrays.fill(mask, 1);
    for (int row = 1; row < batch && time > 1; row++) {
      mask[(row + 1) * time - 1] = 0;
    }
    return HostTensor.of(mask, batch, time);
  }
}
