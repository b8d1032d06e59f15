package org.attention4j.op;

import java.util.List;
import org.attention4j.error.ShapeException;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Inverted dropout (Srivastava et al. 2014): elements are zeroed with a probability, the others
 * divided by what is left. Operands: x [..], seed i64 []. Result: the type of x.
 *
 * <p>Which elements fall is a pure function of (seed, site, index) in integer arithmetic modulo
 * 2^31 - 1, so that every engine, and a recomputation, draws the same mask.
 *
 * @param probability of being zeroed, from 0 to less than 1
 * @param site tells several masks of one seed apart
 */
public record Dropout(double probability, long site) implements Composite {
  private static final double PRIME = 2147483647.0; // 2^31 - 1, exact

  public Dropout {
    if (!(probability >= 0 && probability < 1)) {
      throw new ShapeException("dropout probability is from 0 to less than 1, not " + probability);
    }
  }

  /** Drops elements of x; x itself if the probability is 0. */
  public static Tensor apply(Tensor x, Tensor seed, double probability, long site) {
    return probability == 0 ? x : x.apply(new Dropout(probability, site), seed);
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(
        in.size() == 2 && in.get(0).dtype().isFloating() && in.get(1).equals(TensorType.i64()),
        this,
        "a floating x and an i64 scalar seed",
        in);
    return List.of(in.get(0));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor x = in.get(0);
    Tensor index = x.iota(x.type().count()).reshape(x.type().dims());
    Tensor kept = threshold(index).le(hash(index, in.get(1)));
    Tensor factor = kept.cast(x.dtype()).div(1 - probability);
    return List.of(x.mul(factor));
  }

  private Tensor threshold(Tensor like) {
    return like.scalar(Math.rint(probability * PRIME));
  }

  /** Two rounds of the permutation x^5 of the field, each after adding a key. */
  private Tensor hash(Tensor index, Tensor seed) {
    Tensor key = fifthPower(mod(mod(seed.abs()).add((double) Math.floorMod(site, (long) PRIME))));
    Tensor second = fifthPower(mod(key.add(625341585)));
    Tensor h = fifthPower(mod(mod(index).add(key)));
    return fifthPower(mod(h.add(second)));
  }

  private static Tensor fifthPower(Tensor x) {
    Tensor square = mod(x.mul(x));
    return mod(mod(square.mul(square)).mul(x));
  }

  /** Remainder of a non-negative number below 2^62. */
  private static Tensor mod(Tensor x) {
    return x.sub(x.div(PRIME).mul(PRIME));
  }
}
