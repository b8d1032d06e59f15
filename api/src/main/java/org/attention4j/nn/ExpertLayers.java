package org.attention4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.op.MixtureOfExperts;
import org.attention4j.tensor.Tensor;

/**
 * {@link MixtureOfExperts} whose experts are linear layers of their own, as in Mixtral's
 * checkpoints: [.., width] to [.., width]. Parameters: {@code ROUTER.weight} [experts, width], and
 * for each expert n {@code EXPERTS.n.GATE.weight} and {@code EXPERTS.n.UP.weight} [inner, width],
 * {@code EXPERTS.n.DOWN.weight} [width, inner]; no gate if the routing is not gated. Reports the
 * router's probabilities as {@code router}.
 */
public record ExpertLayers(int width, int inner, int experts, MixtureOfExperts routing, Names names)
    implements Block {

  /** Names below the block's path. */
  public record Names(String router, String experts, String gate, String up, String down) {}

  public ExpertLayers {
    Sizes.requirePositive("ExpertLayers", "width", width, "inner", inner, "experts", experts);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    List<Tensor> operands = new ArrayList<>();
    operands.add(x);
    operands.add(scope.child(names.router).param("weight", Init.fanIn(width), experts, width));
    operands.add(stacked(scope, names.up, inner, width));
    operands.add(stacked(scope, names.down, width, inner));
    if (routing.gated()) {
      operands.add(stacked(scope, names.gate, inner, width));
    }
    List<Tensor> results = Tensor.run(x.executor(), routing, operands);
    scope.report("router", results.get(1));
    return results.get(0);
  }

  /** [experts, in, out] from one weight [out, in] for each expert. */
  private Tensor stacked(Scope scope, String name, int out, int in) {
    List<Tensor> weights = new ArrayList<>();
    for (int n = 0; n < experts; n++) {
      Scope expert = scope.child(names.experts + "." + n + "." + name);
      weights.add(expert.param("weight", Init.fanIn(in), out, in).insert(0));
    }
    Tensor[] rest = weights.subList(1, experts).toArray(Tensor[]::new);
    return weights.get(0).concat(0, rest).permute(0, 2, 1); // [experts, in, out]
  }
}
