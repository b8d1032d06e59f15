package org.attention4j.models.export;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.attention4j.error.UsageException;

/** Where the files of an export lie. */
public enum Layout {
  /** All at the top, as Optimum writes and reads them. */
  OPTIMUM(""),

  /** Models in the folder {@code onnx}; those of a generating model always keep a cache. */
  TRANSFORMERS_JS("onnx"),

  /** All at the top with {@code genai_config.json}; always with a cache. */
  GENAI("");

  private final String folder;

  Layout(String folder) {
    this.folder = folder;
  }

  /** Folder of the models below the directory; empty for the directory itself. */
  String folder() {
    return folder;
  }

  /** Whether a model that generates is of use only with its cache. */
  boolean needsCache() {
    return this != OPTIMUM;
  }

  /** As users write it: {@code optimum}, {@code transformers.js}, {@code genai}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '.');
  }

  /**
   * The layout of that label.
   *
   * @throws UsageException if there is none, naming those there are
   */
  public static Layout parse(String label) {
    List<String> labels = Arrays.stream(values()).map(Layout::label).toList();
    if (!labels.contains(label)) {
      throw new UsageException("'" + label + "' is no layout; there are " + labels);
    }
    return values()[labels.indexOf(label)];
  }
}
