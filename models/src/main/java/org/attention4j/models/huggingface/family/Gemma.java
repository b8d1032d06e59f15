package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.RmsNorm;
import org.attention4j.op.Activation;

/** Gemma: Llama with norms around 1, scaled token vectors, GeGLU and wide heads. */
public final class Gemma {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "gemma",
          "Gemma",
          "Mesnard et al. 2024",
          Decoders.tasksWithout(Task.QUESTION_ANSWERING),
          Gemma::read);

  private Gemma() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("hidden_size");
    Linear.Style plain = Decoders.style(config, false);
    Linear.Style style = Decoders.style(config, config.flag("attention_bias", false));
    MultiHeadAttention attention =
        Decoders.attention(config, Decoders.heads(config, 256), Decoders.projections(style, style));
    GatedFeedForward feedForward =
        new GatedFeedForward(width, config.size("intermediate_size"), activation(config))
            .styled(plain, plain);
    RmsNorm norm = new RmsNorm(width, config.number("rms_norm_eps", 1e-6), true);
    DecoderModel model =
        Decoders.model(
            config, task, Decoders.layers(config, norm, n -> attention, feedForward), true);
    return model.with(
        TokenEmbedder.of("embed_tokens", config.size("vocab_size"), width)
            .padded(Decoders.padding(config, 0))
            .scaled(Math.sqrt(width)));
  }

  /**
   * {@code hidden_act}, whose exact GELU in published configurations means the approximation;
   * {@code hidden_activation} is not read, nor is it by Hugging Face's newer releases.
   */
  static Activation.Kind activation(Config config) {
    Activation.Kind kind = Activations.read(config, "hidden_act", "gelu_pytorch_tanh");
    return kind == Activation.Kind.GELU ? Activation.Kind.GELU_TANH : kind;
  }
}
