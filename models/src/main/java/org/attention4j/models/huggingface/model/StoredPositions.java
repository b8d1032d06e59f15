package org.attention4j.models.huggingface.model;

import org.attention4j.error.ShapeException;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.Scope;
import org.attention4j.nn.SinusoidalPositions;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/**
 * Adds vectors of positions that a file holds and that are not trained to x [batch, time, width]:
 * sines and cosines as they were rounded when they were written. Parameter: {@code weight}
 * [context, width].
 */
public record StoredPositions(int context, int width) implements Block {

  /**
   * The embedder of one side, which reads the table if the file has one instead of computing it.
   *
   * @param side path of the embedder
   */
  static TokenEmbedder read(TokenEmbedder embedder, StoredFile file, String side, int context) {
    TokenEmbedder.Named positions = embedder.positions();
    if (positions == null
        || !(positions.block() instanceof SinusoidalPositions)
        || !file.has(side + "." + positions.name() + ".weight")) {
      return embedder;
    }
    int width = embedder.table().width();
    return embedder.placed(positions.name(), new StoredPositions(context, width));
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Dim time = x.dim(1);
    if (time.known() && time.longSize() > context) {
      throw new ShapeException(
          "StoredPositions: " + time + " tokens are more than the context of " + context);
    }
    Tensor rows = new Embedding(context, width).apply(scope, scope.positionsOf(x));
    return x.add(rows.stopGradient());
  }
}
