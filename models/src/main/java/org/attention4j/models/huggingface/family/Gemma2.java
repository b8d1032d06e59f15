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
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.Layer;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.RmsNorm;
import org.attention4j.nn.SandwichLayer;
import org.attention4j.nn.StackNames;

/** Gemma 2: bounded scores and logits, windows in every second layer, norms around branches. */
final class Gemma2 {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "gemma2",
          "Gemma 2",
          "Riviere et al. 2024",
          Decoders.tasksWithout(Task.QUESTION_ANSWERING),
          Gemma2::read);

  private Gemma2() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("hidden_size");
    Heads heads = Decoders.heads(config, 256);
    Linear.Style plain = Decoders.style(config, false);
    Linear.Style style = Decoders.style(config, config.flag("attention_bias", false));
    MultiHeadAttention attention =
        Decoders.attention(config, heads, Decoders.projections(style, style));
    GatedFeedForward feedForward =
        new GatedFeedForward(
                width,
                config.size("intermediate_size"),
                Activations.read(config, "hidden_activation", "gelu_pytorch_tanh"))
            .styled(plain, plain);
    RmsNorm norm = new RmsNorm(width, config.number("rms_norm_eps", 1e-6), true);
    LayerWindows windows = LayerWindows.read(config, n -> n % 2 == 0, 4096);
    double scale = 1 / Math.sqrt(config.number("query_pre_attn_scalar", 256));
    double softcap = cap(config, "attn_logit_softcapping", 50);
    List<Layer> layers =
        IntStream.range(0, config.size("num_hidden_layers"))
            .<Layer>mapToObj(
                n ->
                    new SandwichLayer(
                        attention.with(
                            Decoders.window(config, windows.of(n)).scaled(scale).capped(softcap)),
                        feedForward,
                        norm,
                        SandwichLayer.Names.GEMMA))
            .toList();
    DecoderModel model =
        Decoders.model(config, task, new LayerStack(layers, norm, StackNames.TORCH), true);
    return model
        .with(
            TokenEmbedder.of("embed_tokens", config.size("vocab_size"), width)
                .padded(Decoders.padding(config, 0))
                .scaled(Math.sqrt(width)))
        .with(model.head().capped(cap(config, "final_logit_softcapping", 30)));
  }

  /** An entry that is null means none; one that is not there means the usual. */
  static double cap(Config config, String name, double otherwise) {
    return config.json().has(name) ? config.number(name, 0) : otherwise;
  }
}
