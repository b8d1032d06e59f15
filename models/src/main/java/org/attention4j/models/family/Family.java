package org.attention4j.models.family;

import org.attention4j.nn.Model;

/** A model that can be kept in a directory and built from its {@code config.json}. A record. */
public interface Family extends Model {

  /** As users write it: {@code gpt}. */
  String family();

  /** Number of token ids. */
  int vocabulary();

  /** Longest sequence. */
  int context();

  /** The model with its usual loss, an output {@code loss} of the input {@code targets}. */
  Model trainable();

  /** What goes into {@code config.json}. */
  Config config();

  /** Input that holds the tokens to be continued. */
  default String tokensInput() {
    return "input_ids";
  }
}
