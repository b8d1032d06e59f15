package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Rotary;
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
import org.attention4j.nn.ParallelLayer;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;

/** Phi 1 to 2: partial rotary positions, branches in parallel behind one norm, biases. */
final class Phi {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "phi",
          "Phi 1 to 2",
          "Li et al. 2023",
          Decoders.tasksWithout(Task.QUESTION_ANSWERING),
          Phi::read);

  private static final TransformerEncoderLayer.Names NAMES =
      new TransformerEncoderLayer.Names("self_attn", "input_layernorm", "mlp", "input_layernorm");

  private Phi() {}

  static Pretrained read(Config config, Task task) {
    Heads heads = Decoders.heads(config);
    int width = heads.width();
    Linear.Style style = Decoders.style(config, true);
    LayerNorm headNorm = new LayerNorm(heads.size(), config.number("layer_norm_eps", 1e-5), true);
    Pairing turned = Pairing.rotary(Rotary.read(config, heads.size(), 10000, 0.5, false));
    boolean normalised = config.flag("qk_layernorm", false);
    MultiHeadAttention attention =
        MultiHeadAttention.of(heads, Mask.causal())
            .with(
                HeadProjections.separate("q_proj", "k_proj", "v_proj", "dense")
                    .styled(style, style))
            .with(normalised ? turned.normalised(headNorm) : turned)
            .with(Decoders.scores(config));
    FeedForward feedForward =
        new FeedForward(
                width,
                config.size("intermediate_size"),
                Activations.read(config, "hidden_act", "gelu_new"))
            .named(new FeedForward.Names("fc1", "fc2"))
            .styled(style, style);
    LayerNorm norm = new LayerNorm(width, config.number("layer_norm_eps", 1e-5), true);
    ParallelLayer layer =
        new ParallelLayer(attention, feedForward, norm, NAMES, config.number("resid_pdrop", 0));
    return new DecoderModel(
        config,
        task,
        "model",
        config.size("max_position_embeddings", 2048),
        width,
        TokenEmbedder.of("embed_tokens", config.size("vocab_size"), width)
            .padded(Decoders.padding(config, -1))
            .dropping(config.number("embd_pdrop", 0)),
        LayerStack.of(
            layer,
            config.size("num_hidden_layers"),
            norm,
            new StackNames("layers", "final_layernorm")),
        LanguageHead.of("lm_head", config.flag("tie_word_embeddings", false)).biased(),
        NameRules.prefix("model").renaming("\\.(q|k)_layernorm\\.", ".$1_norm."));
  }
}
