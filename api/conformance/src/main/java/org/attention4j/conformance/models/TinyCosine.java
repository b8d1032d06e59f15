package org.attention4j.conformance.models;

import java.util.List;
import java.util.Map;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.Init;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A new op, a new block and a model of them in one file: no engine knows them, and all run them.
 * The worked example of docs/adding-an-op.md.
 *
 * <p>Input: {@code input_ids} [batch, time]. Outputs: {@code logits} [batch, time, vocabulary] and
 * {@code surest} [batch, time].
 */
public record TinyCosine(int vocabulary, int width) implements Model {

  /** 13 tokens, width 6. */
  public static TinyCosine standard() {
    return new TinyCosine(13, 6);
  }

  // op:begin
  /**
   * Causal attention by the cosine of the angle between query and key (Liu et al. 2022, section
   * 3.2). Operands: query, key, value [batch, time, width]. Results: output [batch, time, width],
   * and the largest weight of each query [batch, time].
   *
   * @param temperature divides the cosines
   */
  record CosineAttention(double temperature) implements Composite {
    @Override
    public List<TensorType> infer(List<TensorType> in) {
      Op.check(
          in.size() == 3 && in.get(0).rank() == 3 && in.get(0).dtype().isFloating(),
          this,
          "query, key and value [batch, time, width]",
          in);
      Op.check(in.get(0).equals(in.get(1)) && in.get(1).equals(in.get(2)), this, "one type", in);
      TensorType query = in.get(0);
      return List.of(query, query.with(query.dims().subList(0, 2)));
    }

    @Override
    public List<Tensor> expand(List<Tensor> in) {
      Tensor cosine = unit(in.get(0)).matmulTransposed(unit(in.get(1))); // [batch, time, time]
      Tensor slot = cosine.iota(cosine.dim(1));
      Tensor allowed = slot.insert(0).le(slot.insert(1)); // keys [1, time], queries [time, 1]
      Tensor scores = allowed.where(cosine.div(temperature), cosine.scalar(-1e30));
      Tensor weights = scores.softmax();
      return List.of(weights.matmul(in.get(2)), weights.maximum(-1).drop(-1));
    }

    private static Tensor unit(Tensor x) {
      return x.div(x.mul(x).sum(-1).add(1e-6).sqrt());
    }
  }

  // op:end

  // block:begin
  /** {@code x + out(attention(query(x), key(x), value(x)))}; reports how sure it is. */
  record CosineBlock(int width, double temperature) implements Block {
    @Override
    public Tensor apply(Scope scope, Tensor x) {
      Linear linear = new Linear(width, width);
      Tensor query = scope.call("query", linear, x);
      List<Tensor> operands =
          List.of(query, scope.call("key", linear, x), scope.call("value", linear, x));
      List<Tensor> results = Tensor.run(x.executor(), new CosineAttention(temperature), operands);
      scope.report("surest", results.get(1));
      return x.add(scope.call("out", linear, results.get(0)));
    }
  }

  // block:end

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Embedding tokens = new Embedding(vocabulary, width, Init.normal(1));
    Tensor x = scope.call("tokens", tokens, inputs.get("input_ids"));
    Tensor first = scope.call("layers.0", new CosineBlock(width, 0.2), x);
    List<Tensor> last =
        Tensor.run(x.executor(), new CosineAttention(0.5), List.of(first, first, first));
    Tensor logits = scope.call("tokens", new LanguageModelHead(tokens), last.get(0));
    return Map.of("logits", logits, "surest", last.get(1));
  }
}
