package org.attention4j.models.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.StorageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.weights.AtomicFile;

/** What other programs read besides the models: copied as it is, as far as it is there. */
final class BesideFiles {
  private static final String TOKENIZER = "tokenizer.json";
  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final String MODULES = "modules.json";
  private static final String PREPROCESSOR = "preprocessor_config.json";
  private static final String TOGETHER = "processor_config.json";
  private static final List<String> NAMES =
      List.of(
          "config.json",
          "generation_config.json",
          TOKENIZER,
          TOKENIZER_CONFIG,
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "vocab.txt",
          "merges.txt",
          "spiece.model",
          "tokenizer.model",
          "sentencepiece.bpe.model",
          "source.spm",
          "target.spm",
          "target_vocab.json",
          "normalizer.json",
          "chat_template.jinja",
          "chat_template.json",
          PREPROCESSOR,
          TOGETHER,
          MODULES,
          "config_sentence_transformers.json",
          "sentence_bert_config.json");

  private BesideFiles() {}

  /**
   * Copies them. If both directories are one, they are there already.
   *
   * @param to where they belong
   * @param place where they are written, to be moved from there
   * @return what was copied, or would have been
   * @throws StorageException if a file cannot be read or written
   */
  static List<Path> copy(Path from, Path to, Path place) {
    List<String> names = new ArrayList<>(NAMES);
    if (Files.exists(from.resolve(MODULES))) {
      for (JsonNode module : JsonFile.readArray(from.resolve(MODULES))) {
        String folder = module.path("path").asText();
        if (!folder.isEmpty()) {
          names.add(folder + "/config.json");
        }
      }
    }
    boolean own = CheckpointExport.same(from, to);
    List<Path> copied = new ArrayList<>();
    for (String name : names) {
      Path source = from.resolve(name).normalize();
      Path target = place.resolve(name).normalize();
      boolean inside = source.startsWith(from.normalize()) && target.startsWith(place.normalize());
      if (inside && Files.isRegularFile(source)) {
        if (!own) {
          copyOne(source, target);
        }
        copied.add(target);
      }
    }
    Tokenizers.convert(from, place).ifPresent(copied::add);
    Path config = place.resolve(TOKENIZER_CONFIG);
    if (exists(TOKENIZER, to, place) && !exists(TOKENIZER_CONFIG, to, place)) {
      // clients do not read the one without the other
      JsonFile.write(config, JsonFile.object().put("tokenizer_class", "PreTrainedTokenizerFast"));
      copied.add(config);
    }
    Path settings = place.resolve(PREPROCESSOR);
    ObjectNode preprocessor = preprocessor(from.resolve(TOGETHER));
    if (!preprocessor.isEmpty() && !exists(PREPROCESSOR, to, place)) {
      JsonFile.write(settings, preprocessor);
      copied.add(settings);
    }
    return copied;
  }

  /** A part of a model, such as that for text of one that reads pictures, describes itself. */
  static void describe(Config config, Path from, Path to, Path place) {
    String whole = Config.read(from.resolve(ModelFiles.CONFIG)).modelType();
    if (!config.modelType().equals(whole) && !CheckpointExport.same(from, to)) {
      JsonFile.write(place.resolve(ModelFiles.CONFIG), config.json());
    }
  }

  /** What transformers 5 keeps in one file with others, and transformers.js wants in its own. */
  private static ObjectNode preprocessor(Path together) {
    ObjectNode settings = JsonFile.object();
    if (Files.isRegularFile(together)) {
      ObjectNode all = JsonFile.read(together);
      for (String kind : List.of("feature_extractor", "image_processor")) {
        if (all.path(kind) instanceof ObjectNode object) {
          settings.setAll(object);
        }
      }
    }
    return settings;
  }

  private static boolean exists(String name, Path to, Path place) {
    return Files.exists(place.resolve(name)) || Files.exists(to.resolve(name));
  }

  private static void copyOne(Path source, Path target) {
    try {
      ModelFiles.create(target.resolveSibling(""));
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(source));
      AtomicFile.write(
          target,
          out -> {
            while (bytes.hasRemaining()) {
              out.write(bytes);
            }
          });
    } catch (IOException e) {
      throw StorageException.of("cannot copy " + source + " to " + target, e);
    }
  }
}
