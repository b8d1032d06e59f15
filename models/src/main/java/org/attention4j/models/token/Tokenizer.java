package org.attention4j.models.token;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Text to token ids and back. Thread-safe. */
public interface Tokenizer extends AutoCloseable {

  /** Conventional names of tokens that are not text, in the order in which they get ids. */
  List<String> SPECIAL_TOKENS = List.of("<pad>", "<bos>", "<eos>", "<mask>", "<unk>");

  /** Number of ids; every id is below it. */
  int size();

  /**
   * The ids of a text, without tokens that are not in it.
   *
   * @throws org.attention4j.error.UsageException if the text holds what the vocabulary lacks
   */
  long[] encode(String text);

  /**
   * The ids that a model is given for a text: with the special tokens that this tokenizer puts
   * around it.
   */
  default long[] encodeForModel(String text) {
    return encode(text);
  }

  /**
   * The text of ids; special tokens are left out.
   *
   * @throws org.attention4j.error.UsageException if an id is not in the vocabulary
   */
  String decode(long... ids);

  /** How a single id is shown in tables and pictures, special tokens included. */
  String label(long id);

  /** The id of one of {@link #SPECIAL_TOKENS}, if this vocabulary has it. */
  OptionalLong special(String name);

  /** What it is, for people. */
  String description();

  /**
   * Writes the file from which {@link Tokenizers#load} reads it again.
   *
   * @return the file
   * @throws org.attention4j.error.StorageException if it cannot be written
   */
  Path save(Path directory);

  @Override
  default void close() {}
}
