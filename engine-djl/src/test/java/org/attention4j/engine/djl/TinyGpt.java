package org.attention4j.engine.djl;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.Mask;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;

/** A small GPT with tied embeddings, a KV cache and dropout, written on the ops alone. */
record TinyGpt(int vocabulary, int context, int width, int heads, int layers, double dropout)
    implements Model {

  static TinyGpt small() {
    return new TinyGpt(11, 16, 16, 2, 2, 0);
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope s, Inputs in) {
    Tensor ids = in.get("input_ids");
    Tensor table = s.child("wte").param("weight", Init.normal(0.02), vocabulary, width);
    Tensor places = s.child("wpe").param("weight", Init.normal(0.02), context, width);
    Tensor x = table.take(ids).add(places.take(s.positionsOf(ids)));
    x = s.dropout("drop", x, dropout);
    for (int i = 0; i < layers; i++) {
      int n = i;
      Tensor y = x; // [batch, time, width]
      x = s.in("h." + i, c -> layer(c.layer(n), y));
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("logits", norm(s, "ln_f", x).matmulTransposed(table));
    return outputs;
  }

  private Tensor layer(Scope s, Tensor x) {
    Tensor z = x.add(s.in("attn", c -> attention(c, norm(s, "ln_1", x))));
    Tensor inner = linear(s, "up", norm(s, "ln_2", z), width, 4 * width);
    Tensor y = linear(s, "down", Activation.apply(Activation.Kind.GELU, inner), 4 * width, width);
    return z.add(s.dropout("drop", y, dropout));
  }

  private Tensor attention(Scope s, Tensor x) {
    Tensor qkv = // [3, batch, heads, time, head_dim]
        linear(s, "qkv", x, width, 3 * width)
            .split(-1, 3, heads, width / heads)
            .permute(2, 0, 3, 1, 4);
    Tensor key = s.extend("key", qkv.at(0, 1), 2);
    Tensor value = s.extend("value", qkv.at(0, 2), 2);
    Tensor y =
        AttentionCall.of(qkv.at(0, 0), key, value)
            .mask(Mask.causal())
            .start(s.start())
            .dropout(s.seed() == null ? 0 : dropout, s.seed(), s.dropoutSite("weights"))
            .apply();
    return s.dropout(
        "drop", linear(s, "out", y.permute(0, 2, 1, 3).merge(-2, 2), width, width), dropout);
  }

  private static Tensor linear(Scope s, String name, Tensor x, int in, int out) {
    return s.in(
        name,
        c ->
            x.apply(
                new Affine(true),
                c.param("weight", Init.normal(0.02), out, in),
                c.param("bias", Init.zeros(), out)));
  }

  private static Tensor norm(Scope s, String name, Tensor x) {
    int width = x.type().size(-1);
    return s.in(
        name,
        c ->
            x.apply(
                new LayerNormalization(1e-5),
                c.param("weight", Init.ones(), width),
                c.param("bias", Init.zeros(), width)));
  }

  /** A tensor that must be there. */
  static HostTensor get(Map<String, HostTensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  /** With its next-token loss. */
  NextToken loss() {
    return new NextToken(this);
  }

  /** Random tokens and targets. */
  Map<String, HostTensor> batch(long seed, int batch, int time) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    Random random = new Random(seed);
    for (String name : new String[] {"input_ids", "targets"}) {
      long[] ids = random.longs((long) batch * time, 0, vocabulary).toArray();
      inputs.put(name, HostTensor.of(ids, batch, time));
    }
    return inputs;
  }

  /** Random tokens. */
  Map<String, HostTensor> prompt(long seed, int batch, int time) {
    Map<String, HostTensor> inputs = batch(seed, batch, time);
    inputs.remove("targets");
    return inputs;
  }
}
