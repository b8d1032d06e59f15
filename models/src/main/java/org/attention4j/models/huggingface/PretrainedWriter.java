package org.attention4j.models.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.StorageException;
import org.attention4j.models.huggingface.model.SentenceDense;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.AtomicFile;
import org.attention4j.weights.Weights;

/** Writes a directory as Hugging Face publishes them, from one that was opened. */
final class PretrainedWriter {
  private static final List<String> BESIDE =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "target_vocab.json",
          "vocab.txt",
          "merges.txt",
          "spiece.model",
          "tokenizer.model",
          "source.spm",
          "target.spm",
          "sentencepiece.bpe.model",
          "generation_config.json",
          "chat_template.jinja",
          "chat_template.json",
          "preprocessor_config.json",
          "processor_config.json",
          "modules.json",
          "sentence_bert_config.json",
          "config_sentence_transformers.json");

  private PretrainedWriter() {}

  /**
   * Writes {@code config.json} with all entries that were read, and copies the files of the
   * tokenizer, of generation and of pooling.
   *
   * @throws StorageException if a file cannot be read or written
   */
  static void begin(Checkpoint checkpoint, Path directory) {
    ModelFiles.create(directory);
    ObjectNode json = checkpoint.model().config().json().deepCopy();
    for (String name : List.of("dtype", "torch_dtype")) {
      if (json.hasNonNull(name)) {
        json.put(name, "float32"); // which the weights are, whatever they were
      }
    }
    JsonFile.write(directory.resolve(HuggingFace.CONFIG), json);
    copyBeside(checkpoint.path(), directory);
  }

  /** The files beside weights and configuration. */
  static void copyBeside(Path from, Path to) {
    ModelFiles.create(to);
    List<String> names = new ArrayList<>(BESIDE);
    Path modules = from.resolve("modules.json");
    if (Files.exists(modules)) {
      for (JsonNode module : JsonFile.readArray(modules)) {
        String path = module.path("path").asText();
        if (path.matches("[\\w-]+")) {
          names.add(path + "/config.json");
        }
      }
    }
    for (String name : names) {
      Path source = from.resolve(name);
      if (Files.isRegularFile(source)) {
        copy(source, to.resolve(name));
      }
    }
  }

  private static void copy(Path from, Path to) {
    ModelFiles.create(to.resolveSibling("."));
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(from));
      AtomicFile.write(
          to,
          out -> {
            while (bytes.hasRemaining()) {
              out.write(bytes);
            }
          });
    } catch (IOException e) {
      throw StorageException.of("cannot read " + from, e);
    }
  }

  /**
   * Writes {@code model.safetensors} under the names that the original file has; tied weights once,
   * layers behind a pooling in their folders.
   *
   * @param weights under the model's paths; those that are not there stay as they were
   */
  static void save(Checkpoint checkpoint, Weights weights, Path directory) {
    Map<String, String> names = new LinkedHashMap<>();
    checkpoint // the text part of a model of pictures is written as a model of text
        .paths()
        .forEach(
            (name, path) ->
                names.putIfAbsent(path, name.contains("language_model.") ? path : name));
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    checkpoint
        .weights()
        .tensors()
        .forEach(
            (path, before) -> {
              HostTensor now = weights.has(path) ? weights.get(path) : before;
              tensors.put(names.getOrDefault(path, path), now.cast(DType.F32));
            });
    Weights all = Weights.of(tensors, Map.of("format", "pt"));
    for (SentenceDense layer : HuggingFace.dense(checkpoint.model())) {
      all = layer.saveOwn(all, directory);
    }
    all.save(directory.resolve(ModelFiles.WEIGHTS));
  }
}
