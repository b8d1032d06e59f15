package org.attention4j.models.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * Rows of tables that an adapter holds in place of those of the model, such as new tokens: what
 * PEFT calls {@code trainable_token_indices}.
 *
 * @param indices of the rows, by the ends of the tables' names; an empty name is any table
 */
public record TokenRows(Map<String, List<Integer>> indices) {
  /** The end of the names of such rows behind a table's. */
  static final String END = ".token_adapter.trainable_tokens_delta";

  static final TokenRows NONE = new TokenRows(Map.of());

  private static final String ENTRY = "trainable_token_indices";

  public TokenRows {
    indices = Map.copyOf(indices);
  }

  /** Of {@code adapter_config.json}: a list of rows, or such lists by names. */
  static TokenRows read(Config config) {
    if (!config.has(ENTRY)) {
      return NONE;
    }
    JsonNode entry = config.json().path(ENTRY);
    Map<String, List<Integer>> indices = new LinkedHashMap<>();
    if (entry.isObject()) {
      for (Map.Entry<String, JsonNode> one : entry.properties()) {
        indices.put(one.getKey(), rows(config, one.getValue()));
      }
    } else {
      indices.put("", rows(config, entry));
    }
    indices.values().removeIf(List::isEmpty);
    return new TokenRows(indices);
  }

  private static List<Integer> rows(Config config, JsonNode value) {
    List<Integer> rows = new ArrayList<>();
    for (JsonNode row : value) {
      if (!row.isIntegralNumber() || !row.canConvertToInt() || row.intValue() < 0) {
        throw config.wrong(ENTRY, "lists of whole numbers from 0 on", row);
      }
      rows.add(row.intValue());
    }
    if (!value.isArray()) {
      throw config.wrong(ENTRY, "a list, or lists by names", value);
    }
    return rows;
  }

  /** The indices of a table's rows; empty for none. */
  private List<Integer> of(String table) {
    return indices.entrySet().stream()
        .filter(e -> e.getKey().isEmpty() || ("." + table).endsWith("." + e.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(List.of());
  }

  /**
   * What is wrong with the rows for a table; null if nothing.
   *
   * @param shape of the table
   */
  @Nullable String problem(String table, long[] shape, HostTensor rows) {
    List<Integer> own = of(table);
    boolean fits =
        shape.length == 2
            && Arrays.equals(rows.shape(), new long[] {own.size(), shape[1]})
            && own.stream().allMatch(row -> row < shape[0]);
    return fits
        ? null
        : table
            + END
            + " is "
            + Arrays.toString(rows.shape())
            + " for the rows "
            + own
            + " of "
            + Arrays.toString(shape);
  }

  /** The table with its rows replaced, f32. */
  HostTensor put(String table, HostTensor weight, HostTensor rows) {
    List<Integer> own = of(table);
    int width = (int) weight.dim(1);
    float[] all = weight.cast(DType.F32).toFloatArray();
    float[] given = rows.cast(DType.F32).toFloatArray();
    for (int i = 0; i < own.size(); i++) {
      System.arraycopy(given, i * width, all, own.get(i) * width, width);
    }
    return HostTensor.of(all, weight.shape());
  }
}
