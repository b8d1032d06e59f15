package org.attention4j.spi;

import org.attention4j.error.UsageException;

/**
 * That an {@link Exporter} writes the encoder and the decoder of a model to files of their own.
 *
 * @param encoder path of the value that the encoder hands to the decoder
 * @param apart with a cache: whether first and later steps of the decoder have a file each
 * @param merged with a cache: whether they have one file together, which takes the input {@code
 *     use_cache_branch}
 */
public record EncoderParts(String encoder, boolean apart, boolean merged) {
  /** With a cache, at least one way to run the steps must be there. */
  public EncoderParts {
    if (!apart && !merged) {
      throw new UsageException(
          "the steps of a decoder are written apart, merged or both, not in neither way");
    }
  }
}
