package org.attention4j.models.export;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * Inputs that an export is compared on: several batch and time sizes; rows after the first are
 * padded, on the left for a decoder, else on the right. A pure function of the model.
 */
final class ExportExamples {
  private static final int[][] SIZES = {{1, 1}, {2, 7}, {3, 16}, {1, 33}}; // batch, time

  private final ExportedModel exported;
  private final Pretrained model;
  private final SplittableRandom random = new SplittableRandom(1);

  private ExportExamples(ExportedModel exported) {
    this.exported = exported;
    this.model = exported.model();
  }

  static List<Map<String, HostTensor>> of(ExportedModel exported) {
    ExportExamples examples = new ExportExamples(exported);
    List<Map<String, HostTensor>> all = new ArrayList<>();
    for (int[] size : SIZES) {
      all.add(examples.example(size[0], Math.min(size[1], exported.model().context())));
    }
    return all;
  }

  private Map<String, HostTensor> example(int batch, int time) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    sizes.put("batch", (long) batch);
    sizes.put("time", (long) time);
    sizes.put("past", 0L);
    sizes.put("source_time", (long) Math.min(time + 2, model.context()));
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    exported.inputs().forEach((name, type) -> inputs.put(name, input(name, type, sizes)));
    return inputs;
  }

  private HostTensor input(String name, TensorType type, Map<String, Long> sizes) {
    Map<String, Long> all = new LinkedHashMap<>(sizes);
    type.dims().forEach(dim -> dim.symbols().forEach(s -> all.putIfAbsent(s, sizes.get("time"))));
    HostTensor tensor = HostTensor.zeros(type.dtype(), type.bind(all).shape());
    int columns = tensor.rank() < 2 ? 1 : (int) tensor.dim(1);
    for (int i = 0; i < tensor.size(); i++) {
      if (type.dtype().isFloating()) {
        tensor.set(i, random.nextDouble(-1, 1));
      } else {
        tensor.set(i, integer(name, i / columns, i % columns, columns));
      }
    }
    return tensor;
  }

  private long integer(String name, int row, int column, int columns) {
    int padding = Math.min(row, columns - 1);
    boolean left = exported.decodes();
    if (name.endsWith("attention_mask")) {
      boolean real = left ? column >= padding : column < columns - padding;
      return real ? 1 : 0;
    }
    if (name.equals("position_ids")) {
      return Math.max(0, column - padding);
    }
    if (name.equals("token_type_ids")) {
      return 2 * column < columns ? 0 : model.config().size("type_vocab_size", 2) - 1;
    }
    boolean read = name.equals("input_ids");
    return random.nextLong(read ? model.sourceVocabulary() : model.vocabulary());
  }
}
