package org.attention4j.models.huggingface.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.family.Config;
import org.attention4j.models.store.JsonFile;
import org.attention4j.nn.Scope;
import org.attention4j.nn.TokenPooling;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What {@code modules.json} and {@code 1_Pooling/config.json} of a sentence encoder say; without
 * them the mean of the tokens, as sentence-transformers takes it.
 *
 * @param kinds their vectors stand one after the other
 * @param dense layers behind them
 * @param normalised whether the vectors have length 1
 */
public record SentencePooling(
    List<TokenPooling> kinds, List<SentenceDense> dense, boolean normalised) {
  private static final String NORMALISED = "sentence_embedding_normalized";
  private static final double LEAST = 1e-12;

  /** In the order in which their vectors stand. */
  private static final Map<String, TokenPooling> MODES = new LinkedHashMap<>();

  static {
    MODES.put("cls_token", TokenPooling.FIRST);
    MODES.put("max_tokens", TokenPooling.MAX);
    MODES.put("mean_tokens", TokenPooling.MEAN);
    MODES.put("mean_sqrt_len_tokens", TokenPooling.MEAN_ROOT);
    MODES.put("weightedmean_tokens", TokenPooling.WEIGHTED_MEAN);
    MODES.put("lasttoken", TokenPooling.LAST);
  }

  public SentencePooling {
    kinds = List.copyOf(kinds);
    dense = List.copyOf(dense);
  }

  /** Without layers behind it. */
  SentencePooling(List<TokenPooling> kinds, boolean normalised) {
    this(kinds, List.of(), normalised);
  }

  /**
   * Reads the files beside a configuration.
   *
   * @throws FileFormatException if a module is of a kind that is not served
   */
  public static SentencePooling read(Config config) {
    Path file = config.beside("modules.json");
    if (!Files.exists(file)) {
      return new SentencePooling(List.of(TokenPooling.MEAN), false);
    }
    List<TokenPooling> kinds = new ArrayList<>();
    List<SentenceDense> dense = new ArrayList<>();
    boolean normalised = false;
    for (JsonNode module : JsonFile.readArray(file)) {
      String type = module.path("type").asText();
      String kind = type.substring(type.lastIndexOf('.') + 1);
      String folder = module.path("path").asText();
      if (kind.equals("Pooling") ? !kinds.isEmpty() : kinds.isEmpty() && kind.equals("Dense")) {
        throw new FileFormatException(file, "has its module " + folder + " in the wrong place");
      }
      switch (kind) {
        case "Transformer" -> {}
        case "Pooling" -> kinds.addAll(kinds(config(file, folder)));
        case "Dense" -> dense.add(SentenceDense.read(folder, config(file, folder)));
        case "Normalize" -> normalised = true;
        default ->
            throw new FileFormatException(
                file,
                "has a module "
                    + type
                    + "; only Transformer, Pooling, Dense, Normalize are served");
      }
    }
    if (kinds.isEmpty()) {
      throw new FileFormatException(file, "has no module for pooling");
    }
    return new SentencePooling(kinds, dense, normalised);
  }

  /** The configuration of a module, which lies below the directory. */
  private static Config config(Path modules, String folder) {
    Path base = modules.resolveSibling("").normalize();
    Path path;
    try {
      path = base.resolve(folder).resolve("config.json").normalize();
    } catch (InvalidPathException e) {
      throw new FileFormatException(modules, "has a path that cannot be: " + folder, e);
    }
    if (!path.startsWith(base)) {
      throw new FileFormatException(modules, "has a path that leaves the directory: " + folder);
    }
    return Config.read(path);
  }

  private static List<TokenPooling> kinds(Config config) {
    List<TokenPooling> kinds = new ArrayList<>();
    MODES.forEach(
        (mode, kind) -> {
          if (config.flag("pooling_mode_" + mode, false)) {
            kinds.add(kind);
          }
        });
    if (kinds.isEmpty()) {
      kinds.addAll(named(config));
    }
    return kinds;
  }

  /** As newer releases write it: one entry, a name or several. */
  private static List<TokenPooling> named(Config config) {
    JsonNode given = config.json().path("pooling_mode");
    List<String> names = given.isArray() ? config.texts("pooling_mode") : new ArrayList<>();
    if (given.isTextual()) {
      names.add(given.textValue());
    }
    List<TokenPooling> kinds = new ArrayList<>();
    MODES.forEach(
        (mode, kind) -> {
          if (names.remove(mode) || names.remove(mode.replaceFirst("_tokens?$", ""))) {
            kinds.add(kind);
          }
        });
    if (kinds.isEmpty() || !names.isEmpty()) {
      throw config.wrong("pooling_mode", "some of " + MODES.keySet(), given);
    }
    return kinds;
  }

  /**
   * {@code sentence_embedding} [batch, features]; {@code sentence_embedding_normalized}, the same
   * with length 1; {@code cosine_similarity} [batch, batch] of all pairs.
   *
   * @param top where the layers behind the pooling are
   * @param hidden [batch, time, width]
   * @param mask [batch, time]; null where all are tokens
   */
  Map<String, Tensor> outputs(Scope top, Tensor hidden, @Nullable Tensor mask) {
    Tensor tokens = mask == null ? ones(hidden) : mask;
    Tensor vector = kinds.get(0).apply(hidden, tokens);
    for (TokenPooling kind : kinds.subList(1, kinds.size())) {
      vector = vector.concat(-1, kind.apply(hidden, tokens));
    }
    for (SentenceDense layer : dense) {
      vector = layer.apply(top, vector);
    }
    Tensor unit = vector.div(vector.mul(vector).sum(-1).sqrt().max(LEAST)); // [batch, features]
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("sentence_embedding", normalised ? unit : vector);
    outputs.put(NORMALISED, unit);
    outputs.put("cosine_similarity", unit.matmulTransposed(unit));
    return outputs;
  }

  /** The vectors of length 1 among the outputs. */
  static Tensor unit(Map<String, Tensor> outputs) {
    return Objects.requireNonNull(outputs.get(NORMALISED));
  }

  /** [1, time]. */
  private static Tensor ones(Tensor hidden) {
    Dim time = hidden.dim(1);
    return hidden.integers(1).insert(0).expand(1, time);
  }
}
