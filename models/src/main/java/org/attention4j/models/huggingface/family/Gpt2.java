package org.attention4j.models.huggingface.family;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.models.huggingface.model.TwoHeadModel;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Layer;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;

/** GPT-2: learned positions, one projection for queries, keys and values, a tied head. */
final class Gpt2 {
  static final Architecture ARCHITECTURE =
      new Architecture("gpt2", "GPT-2", "Radford et al. 2019", tasks(), Gpt2::read)
          .taking(
              Map.of(
                  "hidden_size",
                  "n_embd",
                  "num_attention_heads",
                  "n_head",
                  "num_hidden_layers",
                  "n_layer",
                  "max_position_embeddings",
                  "n_positions"));

  private Gpt2() {}

  private static List<Task> tasks() {
    List<Task> tasks = new ArrayList<>(Decoders.TASKS);
    tasks.add(Task.DOUBLE_HEADS);
    return tasks;
  }

  static Pretrained read(Config config, Task task) {
    if (task != Task.DOUBLE_HEADS) {
      return decoder(config, task);
    }
    config.require("summary_type", "cls_index");
    config.require("summary_use_proj", true);
    config.require("summary_proj_to_labels", true);
    Activation.Kind activation = Activations.read(config, "summary_activation", "linear");
    double dropout = config.number("summary_first_dropout", 0.1);
    return new TwoHeadModel(decoder(config, Task.CAUSAL_LM), activation, dropout);
  }

  private static DecoderModel decoder(Config config, Task task) {
    int width = config.size("n_embd", 768);
    int context = config.size("n_positions", 1024);
    return new DecoderModel(
        config,
        task,
        "transformer",
        context,
        width,
        TokenEmbedder.of("wte", config.size("vocab_size", 50257), width)
            .placed("wpe", new LearnedPositions(context, width))
            .dropping(config.number("embd_pdrop", 0.1))
            .typing(),
        layers(config, width, "gelu_new"),
        LanguageHead.of("lm_head", config.flag("tie_word_embeddings", true)),
        NameRules.prefix("transformer").ignoring("(.*\\.)?attn\\.bias"));
  }

  /**
   * The layers and the last norm.
   *
   * @param activation where the configuration names none
   */
  static LayerStack layers(Config config, int width, String activation) {
    int layers = config.size("n_layer", 12);
    boolean bias = config.flag("bias", true); // nanoGPT's own models may have none
    Linear.Style style = Decoders.style(config, bias).storedInFirst();
    LayerNorm norm = new LayerNorm(width, config.number("layer_norm_epsilon", 1e-5), bias);
    double dropout = config.number("resid_pdrop", 0.1);
    Activation.Kind kind = Activations.read(config, "activation_function", activation);
    FeedForward feedForward =
        new FeedForward(width, config.size("n_inner", 4 * width), kind)
            .styled(style, style)
            .named(FeedForward.Names.GPT2);
    List<Layer> stack = new ArrayList<>();
    for (int n = 0; n < layers; n++) {
      Heads heads = Heads.of(width, config.size("n_head", 12));
      MultiHeadAttention attention =
          MultiHeadAttention.of(heads, Mask.causal())
              .with(HeadProjections.fused("c_attn", "c_proj").styled(style, style))
              .with(
                  Scores.of(Mask.causal())
                      .scaled(scale(config, heads, n))
                      .dropping(config.number("attn_pdrop", 0.1)));
      stack.add(
          new TransformerEncoderLayer(
              attention,
              feedForward,
              Residual.pre(norm).dropping(dropout),
              TransformerEncoderLayer.Names.GPT2));
    }
    return new LayerStack(stack, norm, StackNames.GPT2);
  }

  private static double scale(Config config, Heads heads, int layer) {
    double scale = config.flag("scale_attn_weights", true) ? 1 / Math.sqrt(heads.size()) : 1;
    return config.flag("scale_attn_by_inverse_layer_idx", false) ? scale / (layer + 1) : scale;
  }
}
