package org.attention4j.models.token;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;

/** Finds the right tokenizer. */
public final class Tokenizers {
  private static final String MARIAN = "source.spm";

  /** Files of slow tokenizers, from which libraries make a {@code tokenizer.json}. */
  private static final List<String> OLDER =
      List.of(
          MARIAN,
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
        || Vocabulary.isOurs(directory.resolve(Vocabulary.FILE));
  }

  /**
   * Opens a {@code tokenizer.json}, a vocabulary written by {@link Tokenizer#save}, or a directory
   * with either.
   *
   * @throws StorageException if it is missing or cannot be read
   * @throws FileFormatException if it is damaged
   */
  public static Tokenizer load(Path path) {
    if (!Files.isDirectory(path)) {
      return path.endsWith(Vocabulary.FILE) ? vocabulary(path) : JsonTokenizer.load(path);
    }
    Path json = path.resolve(JsonTokenizer.FILE);
    if (Files.exists(json)) {
      return JsonTokenizer.load(json);
    }
    Path vocabulary = path.resolve(Vocabulary.FILE);
    if (Vocabulary.isOurs(vocabulary)) {
      return vocabulary(vocabulary);
    }
    throw missing(path, "neither " + JsonTokenizer.FILE + " nor a vocabulary of ours");
  }

  /**
   * The {@code tokenizer.json} of a directory.
   *
   * @throws StorageException if it has none, saying how to make one of what it has
   */
  public static Path json(Path directory) {
    Path file = directory.resolve(JsonTokenizer.FILE);
    if (!Files.exists(file)) {
      throw missing(directory, "no " + JsonTokenizer.FILE);
    }
    return file;
  }

  private static StorageException missing(Path directory, String what) {
    if (Vocabulary.isOurs(directory.resolve(Vocabulary.FILE))) {
      return new StorageException(
          directory
              + " holds a vocabulary of words or characters; this needs "
              + JsonTokenizer.FILE);
    }
    List<String> old =
        OLDER.stream().filter(name -> Files.exists(directory.resolve(name))).toList();
    String advice = "";
    if (old.contains(MARIAN)) {
      advice =
          "; transformers has no fast tokenizer for Marian: make tokenizer.json of "
              + old
              + " with the conversion script of transformers.js";
    } else if (!old.isEmpty()) {
      advice =
          "; make one of "
              + old
              + " with: python -c \"import transformers as t; t.AutoTokenizer"
              + ".from_pretrained('.').save_pretrained('.')\"";
    }
    return new StorageException(directory + " holds no tokenizer: " + what + advice);
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
