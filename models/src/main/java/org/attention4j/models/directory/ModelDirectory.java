package org.attention4j.models.directory;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.models.family.Config;
import org.attention4j.models.family.Families;
import org.attention4j.models.family.Family;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.family.Architectures;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * A model as it lies on disk: {@code config.json}, {@code model.safetensors}, {@code
 * tokenizer.json} or {@code vocab.json}. Directories written by Hugging Face's libraries open, too,
 * if the family is known.
 *
 * @param tokenizer null if the directory holds none
 */
public record ModelDirectory(
    Path path, Family model, Weights weights, @Nullable Tokenizer tokenizer) {

  /**
   * Opens a directory. The weights are mapped; see {@link Weights#load}.
   *
   * @throws StorageException if a file is missing or cannot be read
   * @throws FileFormatException if a file is damaged
   * @throws UsageException if the family is unknown
   * @throws WeightsException if the weights are of another model
   */
  public static ModelDirectory open(Path path) {
    Family model = model(path);
    Weights weights = weights(path, model);
    return new ModelDirectory(
        path, model, weights, Tokenizers.in(path) ? Tokenizers.load(path) : null);
  }

  /**
   * Opens a directory of Hugging Face's with a low-rank adapter merged into its weights.
   *
   * @param adapter directory of {@code adapter_config.json} and {@code adapter_model.safetensors}
   * @throws UsageException if the model is of a family of ours
   * @throws WeightsException if weights or adapter are of another model
   */
  public static ModelDirectory open(Path path, Path adapter) {
    if (!(model(path) instanceof Pretrained pretrained)) {
      throw new UsageException(path + ": adapters are for directories of Hugging Face's");
    }
    Weights weights = HuggingFace.open(path, pretrained).adapted(adapter).weights();
    return new ModelDirectory(
        path, pretrained, weights, Tokenizers.in(path) ? Tokenizers.load(path) : null);
  }

  private static Weights weights(Path path, Family model) {
    if (model instanceof Pretrained pretrained) {
      return HuggingFace.open(path, pretrained).weights();
    }
    Weights weights = Weights.load(path);
    Graph graph = graph(path, model);
    try {
      Parameters.check(graph, weights);
    } catch (WeightsException e) {
      throw new WeightsException(path + ": " + e.getMessage(), e);
    }
    return weights;
  }

  private static Graph graph(Path path, Family model) {
    try {
      return program(model).graph(TraceOptions.primitives());
    } catch (AttentionException e) {
      throw new FileFormatException(
          path.resolve(ModelFiles.CONFIG), "describes no sound model: " + e.getMessage(), e);
    }
  }

  /** Only the configuration, for sizes. */
  public static Family model(Path path) {
    if (!Files.isDirectory(path)) {
      throw StorageException.noDirectory("model directory", path);
    }
    Config config = Config.read(path.resolve(ModelFiles.CONFIG));
    return Families.types().contains(config.modelType()) // no family of Hugging Face's
        ? Families.read(config)
        : Architectures.read(config);
  }

  /** The model with its usual inputs. */
  public Program program() {
    return program(model);
  }

  private static Program program(Family model) {
    return Program.of(model);
  }

  /** The tokenizer, or an error that says where it should be. */
  public Tokenizer requireTokenizer() {
    if (tokenizer == null) {
      return Tokenizers.load(path);
    }
    return tokenizer;
  }

  /**
   * Writes configuration and tokenizer; creates the directory.
   *
   * @return the files
   */
  public static List<Path> begin(Path path, Family model, @Nullable Tokenizer tokenizer) {
    ModelFiles.create(path);
    Path config = path.resolve(ModelFiles.CONFIG);
    JsonFile.write(config, model.config().json());
    return tokenizer == null ? List.of(config) : List.of(config, tokenizer.save(path));
  }

  /** Writes all files. */
  public void save() {
    begin(path, model, tokenizer);
    weights.save(path.resolve(ModelFiles.WEIGHTS));
  }
}
