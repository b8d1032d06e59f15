package org.attention4j.op;

import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Rotary position embedding (Su et al. 2021): pairs of features turn by position times frequency.
 * Operands: x [batch, heads, time, head_dim], positions i64 [time] or [batch, time]. Result: the
 * type of x. Features beyond twice the number of frequencies pass unchanged (partial rotary).
 *
 * @param frequencies radians a position, one for each pair
 * @param scale factor of sine and cosine (YaRN's attention factor), usually 1
 * @param interleaved pairs are neighbours (GPT-J); otherwise feature i pairs with i + half (Llama)
 */
public record RotaryEmbedding(List<Double> frequencies, double scale, boolean interleaved)
    implements Composite {
  public RotaryEmbedding {
    frequencies = List.copyOf(frequencies);
  }

  /**
   * Plain frequencies {@code base^(-2i/dims)} over the first {@code dims} features; of an odd
   * number the last one turns with the feature that follows.
   */
  public static RotaryEmbedding of(int dims, double base, boolean interleaved) {
    List<Double> frequencies =
        IntStream.range(0, (dims + 1) / 2).mapToObj(i -> Math.pow(base, -2.0 * i / dims)).toList();
    return new RotaryEmbedding(frequencies, 1, interleaved);
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(
        in.size() == 2 && in.get(0).rank() == 4 && in.get(0).dtype().isFloating(),
        this,
        "x [batch, heads, time, head_dim] and positions",
        in);
    TensorType x = in.get(0);
    TensorType positions = in.get(1);
    Op.check(2 * frequencies.size() <= x.size(-1), this, "at most head_dim / 2 frequencies", in);
    Op.check(
        positions.dtype() == DType.I64
            && (positions.rank() == 1 || positions.rank() == 2)
            && positions.dim(-1).equals(x.dim(2)),
        this,
        "i64 positions [time] or [batch, time]",
        in);
    return List.of(x);
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor x = in.get(0);
    Tensor position = in.get(1).cast(x.dtype()).insert(-1); // [.., time, 1]
    Tensor angle =
        position.mul(
            x.constant(frequencies.stream().mapToDouble(f -> f).toArray())); // [.., time, pairs]
    if (angle.rank() == 3) {
      angle = angle.insert(1); // [batch, 1, time, pairs]
    }
    Tensor cos = angle.cos();
    Tensor sin = angle.sin();
    return List.of(
        scale == 1
            ? rotate(x, cos, sin, interleaved)
            : rotate(x, cos.mul(scale), sin.mul(scale), interleaved));
  }

  /**
   * Turns pairs of the last axis of x by given cosines and sines, which broadcast to [.., pairs].
   */
  public static Tensor rotate(Tensor x, Tensor cos, Tensor sin, boolean interleaved) {
    int width = x.type().size(-1);
    int pairs = cos.type().size(-1);
    Tensor turned = x.slice(-1, 0, 2 * pairs);
    Tensor y;
    if (interleaved) {
      Tensor split = turned.split(-1, pairs, 2); // [.., pairs, 2]
      Tensor a = split.at(-1, 0);
      Tensor b = split.at(-1, 1);
      Tensor real = a.mul(cos).sub(b.mul(sin)).insert(-1);
      y = real.concat(-1, b.mul(cos).add(a.mul(sin)).insert(-1)).merge(-2, 2); // [.., 2 * pairs]
    } else {
      Tensor a = turned.slice(-1, 0, pairs);
      Tensor b = turned.slice(-1, pairs, 2 * pairs);
      y = a.mul(cos).sub(b.mul(sin)).concat(-1, b.mul(cos).add(a.mul(sin)));
    }
    return 2 * pairs == width ? y : y.concat(-1, x.slice(-1, 2 * pairs, width));
  }
}
