package org.attention4j.conformance.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.conformance.Case;
import org.attention4j.json.JsonValue;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.Scope;
import org.attention4j.nn.SinusoidalPositions;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerDecoder;
import org.attention4j.nn.TransformerEncoder;
import org.attention4j.op.CrossEntropy;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;

/** The encoder-decoder of Vaswani et al. 2017 as torch.nn.Transformer has it, with its loss. */
final class Vaswani {
  private Vaswani() {}

  static Case of(GoldenFile file) {
    GoldenModules.Sizes sizes = GoldenModules.Sizes.of(file.info());
    JsonValue layers = file.info().get("layers");
    TransformerEncoder encoder =
        new TransformerEncoder(
            GoldenModules.encoderLayer(sizes),
            layers.items().get(0).asInt(),
            sizes.norm(),
            StackNames.TORCH);
    TransformerDecoder decoder =
        new TransformerDecoder(
            GoldenModules.decoderLayer(sizes, Mask.causal()),
            layers.items().get(1).asInt(),
            sizes.norm(),
            StackNames.TORCH);
    int sources = (int) file.input("param.src_embed.weight").dim(0);
    int targets = (int) file.input("param.tgt_embed.weight").dim(0);
    Recipe recipe =
        new Recipe(
            (scope, in) -> {
              Mask padding = GoldenModules.allowed(in.find("src_pad"), null);
              Tensor source = embed(scope, "src_embed", sources, sizes, in.get("src"));
              Tensor memory =
                  scope.in("transformer.encoder", s -> encoder.apply(s, source, padding, null));
              Tensor target = embed(scope, "tgt_embed", targets, sizes, in.get("tgt"));
              Tensor y =
                  scope.in(
                      "transformer.decoder",
                      s -> decoder.apply(s, target, own(in), null, memory, padding));
              return outputs(scope.call("out", new Linear(sizes.width(), targets), y), in);
            });
    List<String> outputs = new ArrayList<>(List.of("loss"));
    if (file.truth().has("out.aux_logits")) {
      outputs.add("aux_logits");
    }
    List<String> inputs = GoldenModules.present(file, "src", "tgt", "labels", "src_pad", "tgt_pad");
    return GoldenModules.cut(file, recipe, inputs, outputs);
  }

  private static Mask own(Inputs in) {
    return GoldenModules.allowed(in.find("tgt_pad"), null);
  }

  private static Tensor embed(
      Scope scope, String name, int rows, GoldenModules.Sizes sizes, Tensor ids) {
    Tensor x = scope.call(name, new Embedding(rows, sizes.width()), ids);
    Tensor scaled = x.mul(Math.sqrt(sizes.width()));
    return scope.call("positions", new SinusoidalPositions(), scaled);
  }

  private static Map<String, Tensor> outputs(Tensor logits, Inputs in) {
    CrossEntropy criterion = new CrossEntropy(0, 0.1, CrossEntropy.Reduction.MEAN);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("aux_logits", logits);
    outputs.put("loss", logits.apply(criterion, in.get("labels")));
    return outputs;
  }
}
