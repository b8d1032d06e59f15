package org.attention4j.conformance.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.attention4j.conformance.Case;
import org.attention4j.json.JsonValue;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.op.Start;
import org.attention4j.tensor.Tensor;

/** Recorded attention: every word of its kind is an attribute that the other fields spell out. */
final class GoldenAttention {
  private static final Set<String> WORDS =
      Set.of(
          "full",
          "causal",
          "offset",
          "boolmask",
          "bias",
          "fullymasked",
          "alibi",
          "window",
          "softcap",
          "scale",
          "mask",
          "gqa");

  private GoldenAttention() {}

  static Optional<Case> of(GoldenFile file) {
    String kind = file.info().get("kind").text();
    if (!Arrays.asList(kind.split("_", -1)).stream().allMatch(WORDS::contains)) {
      return Optional.empty();
    }
    List<String> inputs = new ArrayList<>(List.of("q", "k", "v"));
    for (String extra : List.of("mask", "bias")) {
      if (file.has(extra)) {
        inputs.add(extra);
      }
    }
    List<String> outputs = new ArrayList<>(List.of("out"));
    if (file.truth().has("out.lse")) {
      outputs.add("lse");
    }
    return Optional.of(file.test(new Recipe((scope, in) -> attend(file, in)), inputs, outputs));
  }

  private static Map<String, Tensor> attend(GoldenFile file, Inputs in) {
    JsonValue info = file.info();
    AttentionCall call = AttentionCall.of(in.get("q"), in.get("k"), in.get("v"));
    call.scale(info.get("scale").asDouble());
    call.start(Start.at((int) info.get("query_offset").asLong()));
    Mask mask = info.get("causal").asBoolean() ? Mask.causal() : Mask.all();
    if (info.has("window")) {
      mask = mask.and(Mask.window(info.get("window").asInt()));
    }
    Tensor given = in.find("mask");
    if (given != null) {
      mask = mask.and(Mask.pairs(given));
    }
    call.mask(mask).bias(in.find("bias"));
    if (info.has("softcap")) {
      call.softcap(info.get("softcap").asDouble());
    }
    if (file.has("slopes")) {
      call.alibi(Arrays.stream(file.input("slopes").toDoubleArray()).boxed().toList());
    }
    List<Tensor> both = call.applyWithLogSumExp();
    return Map.of("out", both.get(0), "lse", both.get(1));
  }
}
