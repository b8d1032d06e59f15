package org.attention4j.op;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * {@code x W + b} over the last axis. Operands: x [.., in], weight [out, in] ({@code transposed},
 * as PyTorch stores it) or [in, out], optionally bias [out]. Result: [.., out].
 */
public record Affine(boolean transposed) implements Composite {
  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(in.size() == 2 || in.size() == 3, this, "x, weight and optionally bias", in);
    TensorType x = in.get(0);
    TensorType weight = in.get(1);
    Op.check(
        x.rank() >= 1
            && weight.rank() == 2
            && weight.dtype() == x.dtype()
            && x.dtype().isFloating(),
        this,
        "x [.., in] and a weight matrix of its floating type",
        in);
    Dim inner = weight.dim(transposed ? 1 : 0);
    Dim out = weight.dim(transposed ? 0 : 1);
    Op.check(x.dim(-1).equals(inner), this, "x whose last axis is " + inner, in);
    Op.check(
        in.size() == 2 || in.get(2).equals(new TensorType(x.dtype(), List.of(out))),
        this,
        "a bias [" + out + "]",
        in);
    return List.of(x.with(-1, out));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor x = in.get(0);
    Tensor matrix = x.rank() == 1 ? x.insert(0) : x;
    Tensor product = transposed ? matrix.matmulTransposed(in.get(1)) : matrix.matmul(in.get(1));
    Tensor y = x.rank() == 1 ? product.drop(0) : product;
    return List.of(in.size() == 3 ? y.add(in.get(2)) : y);
  }
}
