package org.attention4j.models.family;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.attention4j.error.AttentionException;
import org.attention4j.error.UsageException;

/** Families of this library's own formats, by the {@code model_type} of their configurations. */
public final class Families {
  private static final Map<String, Function<Config, Family>> READERS = new LinkedHashMap<>();

  static {
    READERS.put(Seq2Seq.TYPE, Seq2Seq::read);
  }

  private Families() {}

  /** The types that are known. */
  public static Set<String> types() {
    return Collections.unmodifiableSet(READERS.keySet());
  }

  /**
   * The model of a configuration.
   *
   * @throws UsageException if its family is unknown
   * @throws org.attention4j.error.FileFormatException if an entry is missing, wrong or unsupported
   */
  public static Family read(Config config) {
    Function<Config, Family> reader = READERS.get(config.modelType());
    if (reader == null) {
      throw new UsageException(
          config
              + ": models of type '"
              + config.modelType()
              + "' are not known here; known are "
              + READERS.keySet());
    }
    try {
      return reader.apply(config);
    } catch (AttentionException e) {
      throw config.refused(e);
    }
  }
}
