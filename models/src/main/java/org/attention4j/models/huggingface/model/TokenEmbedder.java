package org.attention4j.models.huggingface.model;

import java.util.Set;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.Scope;
import org.attention4j.nn.SinusoidalPositions;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Vectors of the tokens, then perhaps a factor, positions and a normalisation.
 *
 * @param scale of the vectors: the root of the width in Gemma
 * @param positions added, or null
 * @param norm last, or null
 * @param typed whether {@code token_type_ids}, where given, are rows of the table that are added
 */
public record TokenEmbedder(
    String tableName,
    Embedding table,
    double scale,
    @Nullable Named positions,
    @Nullable Named norm,
    double dropout,
    boolean typed)
    implements Embedder {

  private static final String TYPES = "token_type_ids";

  /** A block and its name below the layers' path. */
  public record Named(String name, Block block) {}

  /** The vectors as they are. */
  public static TokenEmbedder of(String name, int vocabulary, int width) {
    return new TokenEmbedder(name, new Embedding(vocabulary, width), 1, null, null, 0, false);
  }

  /** Lookups of padding give no gradient; negative for none. */
  public TokenEmbedder padded(long row) {
    return new TokenEmbedder(tableName, table.padded(row), scale, positions, norm, dropout, typed);
  }

  /** A table that starts otherwise than with the usual small numbers. */
  public TokenEmbedder starting(Init init) {
    Embedding other = new Embedding(table.rows(), table.width(), init, table.padding());
    return new TokenEmbedder(tableName, other, scale, positions, norm, dropout, typed);
  }

  /** With a factor of the vectors. */
  public TokenEmbedder scaled(double factor) {
    return new TokenEmbedder(tableName, table, factor, positions, norm, dropout, typed);
  }

  /** With a block that adds positions. */
  public TokenEmbedder placed(String name, Block newPositions) {
    return new TokenEmbedder(
        tableName, table, scale, new Named(name, newPositions), norm, dropout, typed);
  }

  /** Whether there is a vector for each position, and none beyond them. */
  boolean bounded() {
    return positions != null && !(positions.block instanceof SinusoidalPositions);
  }

  /** With a norm behind tokens and positions. */
  public TokenEmbedder normalised(String name, Block newNorm) {
    return new TokenEmbedder(
        tableName, table, scale, positions, new Named(name, newNorm), dropout, typed);
  }

  /** With dropout at the end, in training. */
  public TokenEmbedder dropping(double probability) {
    return new TokenEmbedder(tableName, table, scale, positions, norm, probability, typed);
  }

  /** With the types of the tokens as rows of the same table, where they are given. */
  public TokenEmbedder typing() {
    return new TokenEmbedder(tableName, table, scale, positions, norm, dropout, true);
  }

  @Override
  public Set<String> furtherInputs() {
    return typed ? Set.of(TYPES) : Set.of();
  }

  @Override
  public Tensor embed(Scope scope, Inputs inputs) {
    Tensor types = typed ? inputs.find(TYPES) : null;
    return embed(scope, scope.child(tableName), inputs.get("input_ids"), types);
  }

  /**
   * [batch, time] to [batch, time, width].
   *
   * @param rows where the table is, which two sides may share
   */
  Tensor embed(Scope scope, Scope rows, Tensor ids) {
    return embed(scope, rows, ids, null);
  }

  private Tensor embed(Scope scope, Scope rows, Tensor ids, @Nullable Tensor types) {
    Tensor x = scope.in(tableName, s -> table.apply(rows, ids));
    x = scale == 1 ? x : x.mul(scale);
    x = positions == null ? x : scope.call(positions.name, positions.block, x);
    x = types == null ? x : x.add(table.apply(rows, types));
    x = norm == null ? x : scope.call(norm.name, norm.block, x);
    return scope.dropout("dropout", x, dropout);
  }
}
