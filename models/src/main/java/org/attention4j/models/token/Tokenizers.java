package org.attention4j.models.token;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.token.convert.Conversion;

/** Finds the right tokenizer. */
public final class Tokenizers {
  /** Files of older tokenizers, some of which no family here reads. */
  private static final List<String> OLDER =
      List.of(
          "source.spm",
          "spiece.model",
          "sentencepiece.bpe.model",
          "tokenizer.model",
          "vocab.txt",
          "vocab.json",
          "merges.txt");

  private Tokenizers() {}

  /** Whether a directory holds a tokenizer. */
  public static boolean in(Path directory) {
    return Files.exists(directory.resolve(JsonTokenizer.FILE))
        || Vocabulary.isOurs(directory.resolve(Vocabulary.FILE))
        || Conversion.serves(directory);
  }

  /**
   * Opens a {@code tokenizer.json}, a vocabulary written by {@link Tokenizer#save}, or a directory
   * with either, or with the older files of Hugging Face's tokenizers.
   *
   * @throws StorageException if it is missing or cannot be read
   * @throws FileFormatException if it is damaged
   */
  public static Tokenizer load(Path path) {
    if (!Files.isDirectory(path)) {
      return path.endsWith(Vocabulary.FILE) ? vocabulary(path) : JsonTokenizer.load(path);
    }
    Path vocabulary = path.resolve(Vocabulary.FILE);
    if (!Files.exists(path.resolve(JsonTokenizer.FILE)) && Vocabulary.isOurs(vocabulary)) {
      return vocabulary(vocabulary);
    }
    return subwords(path);
  }

  /**
   * The tokenizer of a directory of Hugging Face's.
   *
   * @throws StorageException if there is none, or it cannot be read
   * @throws FileFormatException if it is damaged
   */
  public static JsonTokenizer subwords(Path directory) {
    return subwords(directory, OptionalInt.empty());
  }

  /**
   * The same, which leaves out tokens at the end of texts that are too long; of a pair, one by one
   * from the longer text.
   *
   * @param tokens at most, special ones counted in
   * @throws StorageException if there is none, or it cannot be read
   * @throws FileFormatException if it is damaged
   */
  public static JsonTokenizer truncating(Path directory, int tokens) {
    return subwords(directory, OptionalInt.of(tokens));
  }

  /**
   * The tokenizer for the texts that a translator writes: Marian's have another vocabulary for them
   * than for those that they read.
   *
   * @return empty if both are read alike
   */
  public static Optional<JsonTokenizer> targets(Path directory) {
    return Conversion.ofTargets(directory)
        .map(json -> JsonTokenizer.of(directory, json, OptionalInt.empty()));
  }

  /** Whether a translator's directory has ids of their own for the texts that it writes. */
  public static boolean separatesTargets(Path directory) {
    return Conversion.separatesTargets(directory);
  }

  private static JsonTokenizer subwords(Path directory, OptionalInt longest) {
    Path file = directory.resolve(JsonTokenizer.FILE);
    return Files.exists(file)
        ? JsonTokenizer.load(file, longest)
        : JsonTokenizer.of(directory, converted(directory), longest);
  }

  private static ObjectNode converted(Path directory) {
    return Conversion.of(directory).orElseThrow(() -> missing(directory));
  }

  /**
   * Tells early that a directory has no {@code tokenizer.json} and no files to make one of.
   *
   * @throws StorageException if so, saying how to make one of what it has
   */
  public static void require(Path directory) {
    if (!Files.exists(directory.resolve(JsonTokenizer.FILE)) && !Conversion.serves(directory)) {
      throw missing(directory);
    }
  }

  /**
   * Writes the {@code tokenizer.json} that other programs need, if a directory has only older
   * files, and one such file can say all that these do.
   *
   * @return the file; empty if nothing was written
   * @throws StorageException if it cannot be written
   */
  public static Optional<Path> convert(Path from, Path to) {
    if (Files.exists(from.resolve(JsonTokenizer.FILE))
        || !Conversion.serves(from)
        || separatesTargets(from)) {
      return Optional.empty();
    }
    Path file = to.resolve(JsonTokenizer.FILE);
    JsonFile.write(file, converted(from));
    return Optional.of(file);
  }

  private static StorageException missing(Path directory) {
    if (Vocabulary.isOurs(directory.resolve(Vocabulary.FILE))) {
      return new StorageException(
          directory
              + " holds a vocabulary of words or characters; this needs "
              + JsonTokenizer.FILE);
    }
    List<String> old =
        OLDER.stream().filter(name -> Files.exists(directory.resolve(name))).toList();
    String advice =
        old.isEmpty()
            ? "neither "
                + JsonTokenizer.FILE
                + ", nor older files to make one of, nor a vocabulary of ours"
            : "no "
                + JsonTokenizer.FILE
                + ", and "
                + old
                + " are of no kind that is known here (tokenizer_class in tokenizer_config.json or"
                + " model_type in config.json says which); make one of them with: python -c"
                + " \"import transformers as t; t.AutoTokenizer.from_pretrained('.')"
                + ".save_pretrained('.')\"";
    if (old.contains("source.spm")) {
      advice = "Marian's is made of source.spm, target.spm and vocab.json; here is only " + old;
    }
    return new StorageException(directory + " holds no tokenizer: " + advice);
  }

  private static Tokenizer vocabulary(Path file) {
    Vocabulary vocabulary = Vocabulary.load(file);
    return switch (vocabulary.kind()) {
      case CharTokenizer.KIND -> new CharTokenizer(vocabulary);
      case WordTokenizer.KIND -> new WordTokenizer(vocabulary);
      default ->
          throw new FileFormatException(
              file,
              "a vocabulary of '"
                  + vocabulary.kind()
                  + "'; known are "
                  + CharTokenizer.KIND
                  + " and "
                  + WordTokenizer.KIND);
    };
  }

  /**
   * A tokenizer for a corpus.
   *
   * @param kind {@code characters}, {@code words}, or the path of a {@code tokenizer.json}
   * @param withSpecials whether a new vocabulary gets the special tokens
   */
  public static Tokenizer forCorpus(String kind, String text, boolean withSpecials) {
    return switch (kind) {
      case CharTokenizer.KIND -> CharTokenizer.of(text, withSpecials);
      case WordTokenizer.KIND -> WordTokenizer.of(text, withSpecials);
      default -> {
        Path file = Path.of(kind);
        if (!Files.exists(file)) {
          throw new UsageException(
              "there is no tokenizer '"
                  + kind
                  + "'; write characters, words, or the path of a tokenizer.json");
        }
        yield load(file);
      }
    };
  }
}
