package org.attention4j.models.huggingface.family;

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
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.ParallelLayer;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;
import org.attention4j.op.RotaryEmbedding;

/** GPT-J: neighbouring features turn, branches in parallel behind one norm. */
final class GptJ {
  static final Architecture ARCHITECTURE =
      new Architecture(
              "gptj",
              "GPT-J",
              "Wang and Komatsuzaki 2021",
              Decoders.tasksWithout(Task.TOKEN_CLASSIFICATION),
              GptJ::read)
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

  private static final TransformerEncoderLayer.Names NAMES =
      new TransformerEncoderLayer.Names("attn", "ln_1", "mlp", "ln_1");

  private GptJ() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("n_embd", 4096);
    Heads heads = Heads.of(width, config.size("n_head", 16));
    Linear.Style plain = Decoders.style(config, false);
    Linear.Style biased = Decoders.style(config, true);
    int turned = config.size("rotary_dim", heads.size());
    if (turned % 2 != 0) {
      throw config.wrong("rotary_dim", "an even number", turned);
    }
    RotaryEmbedding rotary = RotaryEmbedding.of(turned, 10000, true);
    MultiHeadAttention attention =
        MultiHeadAttention.of(heads, Mask.causal())
            .with(HeadProjections.separate().styled(plain, plain))
            .with(Pairing.rotary(rotary))
            .with(Scores.of(Mask.causal()).dropping(config.number("attn_pdrop", 0)));
    FeedForward feedForward =
        new FeedForward(
                width,
                config.size("n_inner", 4 * width),
                Activations.read(config, "activation_function", "gelu_new"))
            .named(new FeedForward.Names("fc_in", "fc_out"))
            .styled(biased, biased);
    LayerNorm norm = new LayerNorm(width, config.number("layer_norm_epsilon", 1e-5), true);
    double dropout = config.number("resid_pdrop", 0);
    ParallelLayer layer = new ParallelLayer(attention, feedForward, norm, NAMES, dropout);
    return new DecoderModel(
        config,
        task,
        "transformer",
        config.size("n_positions", 2048),
        width,
        TokenEmbedder.of("wte", config.size("vocab_size", 50400), width)
            .dropping(config.number("embd_pdrop", 0)),
        LayerStack.of(layer, config.size("n_layer", 28), norm, StackNames.GPT2),
        LanguageHead.of("lm_head", config.flag("tie_word_embeddings", false)).biased(),
        NameRules.prefix("transformer").ignoring("(.*\\.)?attn\\.(bias|embed_positions)"));
  }
}
