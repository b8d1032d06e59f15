package org.attention4j.models.huggingface.family;

import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LayerWindows;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Rotary;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.Layer;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.RmsNorm;
import org.attention4j.nn.Rotation;
import org.attention4j.nn.SandwichLayer;
import org.attention4j.nn.StackNames;
import org.attention4j.op.Mask;

/** Gemma 3, the text model: normalised heads; layers with a window have a rotary base apart. */
final class Gemma3 {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "gemma3_text",
          "Gemma 3 (text)",
          "Kamath et al. 2025",
          Decoders.tasksWithout(Task.TOKEN_CLASSIFICATION, Task.QUESTION_ANSWERING),
          Gemma3::read);

  private Gemma3() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("hidden_size");
    Heads heads = Decoders.heads(config, 256);
    Linear.Style plain = Decoders.style(config, false);
    Linear.Style style = Decoders.style(config, config.flag("attention_bias", false));
    double epsilon = config.number("rms_norm_eps", 1e-6);
    RmsNorm headNorm = new RmsNorm(heads.size(), epsilon, true);
    MultiHeadAttention attention =
        MultiHeadAttention.of(heads, Mask.causal()).with(Decoders.projections(style, style));
    GatedFeedForward feedForward =
        new GatedFeedForward(
                width,
                config.size("intermediate_size"),
                Activations.read(config, "hidden_activation", "gelu_pytorch_tanh"))
            .styled(plain, plain);
    RmsNorm norm = new RmsNorm(width, epsilon, true);
    long pattern = Math.max(1, config.id("sliding_window_pattern", 6));
    LayerWindows windows = LayerWindows.read(config, n -> (n + 1) % pattern != 0, 4096);
    double scale = 1 / Math.sqrt(config.number("query_pre_attn_scalar", 256));
    config.has("attn_logit_softcapping"); // read and never applied, as in all releases
    Rotation near = rotation(config, "sliding_attention", heads.size());
    Rotation far = rotation(config, "full_attention", heads.size());
    List<Layer> layers =
        IntStream.range(0, config.size("num_hidden_layers"))
            .<Layer>mapToObj(
                n -> {
                  Pairing pairing = Pairing.rotary(windows.of(n) == 0 ? far : near);
                  MultiHeadAttention own =
                      attention
                          .with(pairing.normalised(headNorm))
                          .with(Decoders.window(config, windows.of(n)).scaled(scale));
                  return new SandwichLayer(own, feedForward, norm, SandwichLayer.Names.GEMMA);
                })
            .toList();
    DecoderModel model =
        Decoders.model(config, task, new LayerStack(layers, norm, StackNames.TORCH), true);
    return model
        .with(
            TokenEmbedder.of("embed_tokens", config.size("vocab_size"), width)
                .padded(Decoders.padding(config, 0))
                .scaled(Math.sqrt(width)))
        .with(model.head().capped(config.number("final_logit_softcapping", 0)));
  }

  /**
   * By type of layer in newer releases; otherwise layers with a window have a base of their own.
   */
  private static Rotation rotation(Config config, String type, int size) {
    Config parameters = config.section("rope_parameters").section(type);
    boolean full = type.equals("full_attention");
    String base = full ? "rope_theta" : "rope_local_base_freq";
    double theta = parameters.number("rope_theta", config.number(base, full ? 1e6 : 1e4));
    Config scaling =
        full && config.has("rope_scaling") ? config.section("rope_scaling") : parameters;
    return Rotary.of(config, scaling, size, theta, false);
  }
}
