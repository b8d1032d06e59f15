package org.attention4j.conformance.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.Target;
import org.attention4j.json.JsonValue;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.TransformerDecoderLayer;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * Recorded modules of torch.nn on the blocks of the api. PyTorch stores the projections of queries,
 * keys and values as one {@code in_proj}; here they are three layers, so weights and recorded
 * gradients are cut in three.
 */
final class GoldenModules {
  private GoldenModules() {}

  static Optional<Case> of(GoldenFile file) {
    String op = file.op();
    if (op.contains("MultiheadAttention")) {
      return Optional.of(attention(file));
    }
    if (op.contains("TransformerEncoderLayer")) {
      return Optional.of(encoderLayer(file));
    }
    if (op.contains("TransformerDecoderLayer")) {
      return Optional.of(decoderLayer(file));
    }
    if (op.contains("encoder-decoder") && op.contains("torch.nn.Transformer")) {
      return Optional.of(Vaswani.of(file));
    }
    return Optional.empty();
  }

  /** The case of a model with {@code q_proj}, {@code k_proj}, {@code v_proj}. */
  static Case cut(GoldenFile file, Recipe recipe, List<String> inputs, List<String> outputs) {
    Map<String, HostTensor> weights = new LinkedHashMap<>();
    Map<String, Target> gradients = new LinkedHashMap<>();
    file.parameters()
        .forEach(
            (path, value) -> {
              if (!path.contains("in_proj_")) {
                weights.put(path, value);
                return;
              }
              weights.putAll(three(path, value));
              String key = "grad.param." + path;
              if (file.truth().has(key)) {
                Target whole = file.target(key);
                three(path, whole.expected())
                    .forEach(
                        (part, rows) ->
                            gradients.put(part, new Target(rows, whole.limit(), whole.source())));
              }
            });
    return file.test(recipe, inputs, outputs, Weights.of(weights), gradients);
  }

  /** {@code in_proj_weight} as q_proj.weight, k_proj.weight and v_proj.weight. */
  private static Map<String, HostTensor> three(String path, HostTensor value) {
    Map<String, HostTensor> parts = new LinkedHashMap<>();
    long rows = value.dim(0) / 3;
    long size = value.size() / 3;
    long[] shape = value.shape();
    shape[0] = rows;
    String[] names = {"q_proj.", "k_proj.", "v_proj."};
    for (int part = 0; part < names.length; part++) {
      HostTensor cut = HostTensor.zeros(value.dtype(), shape);
      for (long i = 0; i < size; i++) {
        cut.set(i, value.getDouble(part * size + i));
      }
      parts.put(path.replace("in_proj_", names[part]), cut);
    }
    return parts;
  }

  /** Those of the names that were recorded. */
  static List<String> present(GoldenFile file, String... names) {
    List<String> present = new ArrayList<>();
    for (String name : names) {
      if (file.has(name)) {
        present.add(name);
      }
    }
    return present;
  }

  /** PyTorch's boolean masks are true where attention is NOT allowed. */
  static Mask allowed(@Nullable Tensor padding, @Nullable Tensor pairs) {
    Mask mask = padding == null ? Mask.all() : Mask.keys(padding.not());
    return pairs == null ? mask : mask.and(Mask.pairs(pairs.not()));
  }

  private static Case attention(GoldenFile file) {
    JsonValue info = file.info();
    int width = info.get("embed_dim").asInt();
    int heads = info.get("num_heads").asInt();
    Linear.Style style = Linear.Style.usual();
    Linear linear =
        new Linear(width, width, info.get("bias").asBoolean() ? style : style.withoutBias());
    Recipe recipe =
        new Recipe(
            (scope, in) -> {
              AttentionCall call =
                  AttentionCall.of(
                          heads(scope.call("q_proj", linear, in.get("query")), heads),
                          heads(scope.call("k_proj", linear, in.get("key")), heads),
                          heads(scope.call("v_proj", linear, in.get("value")), heads))
                      .mask(allowed(in.find("key_padding_mask"), in.find("attn_mask")));
              Tensor joined = call.apply().permute(0, 2, 1, 3).merge(-2, 2);
              return Map.of(
                  "out", scope.call("out_proj", linear, joined), "aux_weights", call.weights());
            });
    List<String> outputs = new ArrayList<>(List.of("out"));
    if (file.truth().has("out.aux_weights")) {
      outputs.add("aux_weights");
    }
    List<String> inputs = present(file, "query", "key", "value", "key_padding_mask", "attn_mask");
    return cut(file, recipe, inputs, outputs);
  }

  private static Tensor heads(Tensor x, int heads) {
    return x.split(-1, heads, x.type().size(-1) / heads).permute(0, 2, 1, 3);
  }

  private static Case encoderLayer(GoldenFile file) {
    TransformerEncoderLayer layer = encoderLayer(Sizes.of(file.info()));
    Recipe recipe =
        new Recipe(
            (scope, in) -> {
              Mask mask = allowed(in.find("src_key_padding_mask"), in.find("src_mask"));
              return Map.of("out", layer.apply(scope, in.get("src"), mask, null));
            });
    return cut(
        file, recipe, present(file, "src", "src_key_padding_mask", "src_mask"), List.of("out"));
  }

  private static Case decoderLayer(GoldenFile file) {
    TransformerDecoderLayer layer = decoderLayer(Sizes.of(file.info()), Mask.all());
    Recipe recipe = new Recipe((scope, in) -> Map.of("out", decode(layer, scope, in)));
    return cut(
        file,
        recipe,
        present(
            file,
            "tgt",
            "memory",
            "tgt_mask",
            "tgt_key_padding_mask",
            "memory_mask",
            "memory_key_padding_mask"),
        List.of("out"));
  }

  private static Tensor decode(TransformerDecoderLayer layer, Scope scope, Inputs in) {
    Mask own = allowed(in.find("tgt_key_padding_mask"), in.find("tgt_mask"));
    Mask memory = allowed(in.find("memory_key_padding_mask"), in.find("memory_mask"));
    return layer.apply(scope, in.get("tgt"), own, null, in.get("memory"), memory);
  }

  /** What torch's transformer layers are made from. */
  record Sizes(
      int width, int heads, int inner, boolean pre, Activation.Kind activation, double epsilon) {
    static Sizes of(JsonValue info) {
      String inner = info.has("dim_feedforward") ? "dim_feedforward" : "ff";
      String activation =
          info.has("activation") ? info.get("activation").text() : "relu"; // torch's default
      return new Sizes(
          info.get("d_model").asInt(),
          info.get("nhead").asInt(),
          info.get(inner).asInt(),
          info.get("norm_first").asBoolean(),
          Activation.Kind.valueOf(activation.toUpperCase(Locale.ROOT)),
          info.has("layer_norm_eps") ? info.get("layer_norm_eps").asDouble() : 1e-5);
    }

    LayerNorm norm() {
      return new LayerNorm(width, epsilon, true);
    }

    private MultiHeadAttention attention(Mask mask) {
      return MultiHeadAttention.of(MultiHeadAttention.Heads.of(width, heads), mask);
    }

    private Residual residual() {
      return pre ? Residual.pre(norm()) : Residual.post(norm());
    }

    private FeedForward feedForward() {
      return new FeedForward(width, inner, activation);
    }
  }

  static TransformerEncoderLayer encoderLayer(Sizes s) {
    return new TransformerEncoderLayer(
        s.attention(Mask.all()),
        s.feedForward(),
        s.residual(),
        TransformerEncoderLayer.Names.TORCH);
  }

  static TransformerDecoderLayer decoderLayer(Sizes s, Mask self) {
    return new TransformerDecoderLayer(
        s.attention(self),
        s.attention(Mask.all()),
        s.feedForward(),
        s.residual(),
        TransformerDecoderLayer.Names.TORCH);
  }
}
