package org.attention4j.models.huggingface.model;

/**
 * A model of which a part depends on what a file holds.
 *
 * @param <M> the model's class
 */
public interface Storable<M extends Pretrained> {
  /** The same model as the file has it. */
  M asStored(StoredFile file);
}
