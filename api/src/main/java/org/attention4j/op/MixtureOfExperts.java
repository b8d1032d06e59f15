package org.attention4j.op;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A sparsely routed feed-forward layer (Shazeer et al. 2017; Fedus et al. 2022): the router's
 * softmax picks {@code chosen} experts a token, whose outputs are weighted by their probabilities.
 *
 * <p>Operands: x [.., width], router [experts, width], up [experts, width, inner], down [experts,
 * inner, width], and with {@code gated} gate [experts, width, inner]. Results: y [.., width] and
 * the router's probabilities [.., experts], for the load-balance loss.
 *
 * @param chosen experts a token
 * @param activation of the inner layer
 * @param gated whether activation(x gate) multiplies x up (GLU, Shazeer 2020)
 * @param normalised whether the chosen probabilities are rescaled to sum 1
 */
public record MixtureOfExperts(
    int chosen, Activation.Kind activation, boolean gated, boolean normalised)
    implements Composite {

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(
        in.size() == (gated ? 5 : 4), this, "x, router, up, down" + (gated ? ", gate" : ""), in);
    TensorType x = in.get(0);
    Dim width = x.dim(-1);
    TensorType up = in.get(2);
    Op.check(
        in.get(1).rank() == 2 && up.rank() == 3 && in.get(1).dim(1).equals(width),
        this,
        "router [experts, width] and up [experts, width, inner]",
        in);
    Dim experts = in.get(1).dim(0);
    Dim inner = up.dim(2);
    Op.check(
        up.equals(x.with(List.of(experts, width, inner))), this, "up [experts, width, inner]", in);
    Op.check(
        in.get(3).equals(x.with(List.of(experts, inner, width))),
        this,
        "down [experts, inner, width]",
        in);
    Op.check(!gated || in.get(4).equals(up), this, "a gate of the type of up", in);
    Op.check(chosen >= 1 && chosen <= experts.size(), this, "chosen from 1 to the experts", in);
    return List.of(x, x.with(-1, experts));
  }

  /** Dense: every expert sees every token, and those not chosen weigh 0. */
  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor x = in.get(0);
    int experts = in.get(1).type().size(0);
    Tensor tokens = x.merge(0, x.rank() - 1); // [tokens, width]
    Tensor probability = tokens.matmulTransposed(in.get(1)).softmax(); // [tokens, experts]
    Tensor pick = probability.topK(chosen); // [tokens, chosen]
    Tensor gates = probability.takeAlong(-1, pick);
    if (normalised) {
      gates = gates.div(gates.sum(-1));
    }
    Tensor weight =
        pick.oneHot(experts)
            .cast(x.dtype())
            .mul(gates.insert(-1))
            .sum(1)
            .drop(1); // [tokens, experts]
    Tensor shared = tokens.insert(0); // [1, tokens, width]
    Tensor inner = shared.matmul(in.get(2)); // [experts, tokens, inner]
    Tensor hidden =
        gated
            ? Activation.apply(activation, shared.matmul(in.get(4))).mul(inner)
            : Activation.apply(activation, inner);
    Tensor each = hidden.matmul(in.get(3)); // [experts, tokens, width]
    Tensor y = each.mul(weight.transpose().insert(-1)).sum(0).drop(0); // [tokens, width]
    return List.of(
        y.reshape(x.type().dims()), probability.reshape(x.type().with(-1, experts).dims()));
  }
}
