package org.attention4j.models.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.weights.Weights;

/** The tensors of a folder that Hugging Face's libraries wrote. */
public final class WeightFolder {
  private WeightFolder() {}

  /**
   * The tensors, none of them pickled. They are mapped; see {@link Weights#load}.
   *
   * @throws UsageException if they are in PyTorch's format only
   * @throws StorageException if a file is missing or cannot be read
   * @throws org.attention4j.error.FileFormatException if a file is damaged
   */
  public static Weights load(Path directory) {
    refusePickles(directory);
    return Weights.load(directory);
  }

  private static void refusePickles(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      List<String> names = files.map(f -> f.getFileName().toString()).toList();
      boolean safe = names.stream().anyMatch(n -> n.startsWith("model") && n.contains("safetens"));
      boolean pickled = names.stream().anyMatch(n -> n.matches("pytorch_model.*\\.bin"));
      if (pickled && !safe) {
        throw new UsageException(
            directory
                + " holds pytorch_model.bin, which may run any code when it is read; convert it"
                + " where you trust it: python -c \"import transformers as t; t.AutoModel"
                + ".from_pretrained('.').save_pretrained('converted')\" with the class that"
                + " config.json names instead of AutoModel, then use the new directory");
      }
    } catch (IOException e) {
      throw StorageException.of("cannot list " + directory, e);
    }
  }
}
