package org.attention4j.conformance.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.attention4j.conformance.Case;
import org.attention4j.json.JsonValue;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.op.RmsNormalization;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/** Recorded ops: activations, norms, rotary embedding, softmax, embedding, cross-entropy. */
final class GoldenOps {
  /** What torch.nn.RMSNorm takes for eps in f32 if none is given. */
  private static final double FLOAT_EPSILON = Math.ulp(1f);

  private GoldenOps() {}

  static Optional<Case> of(GoldenFile file) {
    String op = file.op().toLowerCase(Locale.ROOT);
    if (op.startsWith("activation ")) {
      return GoldenActivations.of(file, op.substring("activation ".length()).trim());
    }
    if (op.contains("layernorm") || op.contains("layer norm")) {
      return norm(file, true);
    }
    if (op.contains("rmsnorm") || op.contains("rms norm")) {
      return norm(file, false);
    }
    if (op.startsWith("rotary")) {
      return Optional.of(rotary(file));
    }
    if (op.startsWith("softmax") || op.startsWith("log_softmax")) {
      return Optional.of(softmax(file));
    }
    if (op.contains("embedding")) {
      return Optional.of(embedding(file));
    }
    if (op.contains("cross_entropy")) {
      return crossEntropy(file);
    }
    return Optional.empty();
  }

  /** A case of one input x. */
  static Case ofX(GoldenFile file, Function<Tensor, Tensor> function) {
    Recipe recipe = new Recipe((scope, in) -> Map.of("out", function.apply(in.get("x"))));
    return file.test(recipe, List.of("x"), List.of("out"));
  }

  private static Optional<Case> norm(GoldenFile file, boolean layer) {
    String weight = firstParameter(file, "weight");
    if (weight.isEmpty() || file.parameters().get(weight) == null) {
      return Optional.empty();
    }
    String bias = firstParameter(file, "bias");
    JsonValue info = file.info();
    double epsilon = info.has("eps") ? info.get("eps").asDouble() : FLOAT_EPSILON;
    Recipe recipe =
        new Recipe(
            (scope, in) -> {
              Tensor x = in.get("x");
              Dim width = x.dim(-1);
              Tensor scale = scope.param(weight, Init.ones(), width);
              if (!layer) {
                return Map.of("out", x.apply(new RmsNormalization(epsilon), scale));
              }
              LayerNormalization op = new LayerNormalization(epsilon);
              return Map.of(
                  "out",
                  bias.isEmpty()
                      ? x.apply(op, scale)
                      : x.apply(op, scale, scope.param(bias, Init.zeros(), width)));
            });
    return Optional.of(file.test(recipe, List.of("x"), List.of("out")));
  }

  private static String firstParameter(GoldenFile file, String last) {
    return file.parameters().keySet().stream()
        .filter(p -> p.equals(last) || p.endsWith("." + last))
        .findFirst()
        .orElse("");
  }

  private static Case rotary(GoldenFile file) {
    JsonValue info = file.info();
    int dims = info.get(info.has("rotary_dim") ? "rotary_dim" : "dim").asInt();
    int first = info.has("first_position") ? info.get("first_position").asInt() : 0;
    boolean interleaved = info.get("layout").text().startsWith("interleaved");
    RotaryEmbedding op = RotaryEmbedding.of(dims, info.get("theta").asDouble(), interleaved);
    return ofX(file, x -> x.apply(op, x.iota(Dim.of(first), x.dim(2))));
  }

  private static Case softmax(GoldenFile file) {
    List<String> outputs = new ArrayList<>();
    for (String name : List.of("softmax", "log_softmax", "out")) {
      if (file.truth().has("out." + name)) {
        outputs.add(name);
      }
    }
    boolean logarithm = file.op().startsWith("log");
    Recipe recipe =
        new Recipe(
            (scope, in) -> {
              Tensor p = in.get("x").softmax();
              Tensor log = in.get("x").apply(new LogSoftmax());
              Map<String, Tensor> all =
                  Map.of("softmax", p, "log_softmax", log, "out", logarithm ? log : p);
              return selected(all, outputs);
            });
    return file.test(recipe, List.of("x"), outputs);
  }

  private static Map<String, Tensor> selected(Map<String, Tensor> all, List<String> names) {
    return names.stream()
        .collect(Collectors.toMap(n -> n, n -> Objects.requireNonNull(all.get(n))));
  }

  /** The row at {@code padding_idx} is read, but learns nothing. */
  private static Case embedding(GoldenFile file) {
    JsonValue info = file.info();
    long padding = info.has("padding_idx") ? info.get("padding_idx").asLong() : -1;
    Recipe recipe =
        new Recipe(
            (scope, in) -> Map.of("out", table(scope, in, info, padding).take(in.get("idx"))));
    return file.test(recipe, List.of("idx"), List.of("out"));
  }

  private static Tensor table(Scope scope, Inputs in, JsonValue info, long padding) {
    int rows = info.get("num").asInt();
    Tensor table = scope.param("weight", Init.zeros(), rows, info.get("dim").asInt());
    if (padding < 0) {
      return table;
    }
    Tensor idx = in.get("idx");
    Tensor fixed = idx.iota(Dim.of(rows)).eq(idx.integers(padding)).insert(1); // [rows, 1]
    return fixed.where(table.stopGradient(), table);
  }

  private static Optional<Case> crossEntropy(GoldenFile file) {
    JsonValue info = file.info();
    String reduction = info.has("reduction") ? info.get("reduction").text() : "mean";
    if (!reduction.equals("mean") && !reduction.equals("sum")) {
      return Optional.empty();
    }
    CrossEntropy op =
        new CrossEntropy(
            info.has("ignore_index") ? info.get("ignore_index").asLong() : -100,
            info.has("label_smoothing") ? info.get("label_smoothing").asDouble() : 0,
            CrossEntropy.Reduction.valueOf(reduction.toUpperCase(Locale.ROOT)));
    Recipe recipe =
        new Recipe((scope, in) -> Map.of("loss", in.get("logits").apply(op, in.get("target"))));
    return Optional.of(file.test(recipe, List.of("logits", "target"), List.of("loss")));
  }
}
