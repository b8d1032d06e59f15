package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.Embedder;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.PlainLayerNorm;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** OPT: learned positions that count tokens and not padding, ReLU, norms before or after. */
final class Opt {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "opt",
          "OPT",
          "Zhang et al. 2022",
          Decoders.tasksWithout(Task.TOKEN_CLASSIFICATION),
          Opt::read);

  private static final int OFFSET = 2;
  private static final TransformerEncoderLayer.Names NAMES =
      new TransformerEncoderLayer.Names(
          "self_attn", "self_attn_layer_norm", "", "final_layer_norm");

  private Opt() {}

  /** Token vectors, which may be narrower than the layers, and positions. */
  private record Vectors(Embedding table, LearnedPositions positions, double dropout)
      implements Embedder {
    @Override
    public String tableName() {
      return "embed_tokens";
    }

    @Override
    public @Nullable Tensor positions(Scope scope, Inputs inputs) {
      Tensor given = inputs.find("position_ids");
      Tensor mask = inputs.find("attention_mask");
      if (given != null || mask == null) {
        return given;
      }
      Dim time = inputs.get("input_ids").dim(1);
      Tensor count = Positions.ofTokens(mask, scope.start(), time).add(1); // [batch, time]
      Tensor token = Positions.tokensAt(mask, scope.start(), time);
      return count.mul(token).sub(1); // of padding: -1
    }

    @Override
    public Tensor embed(Scope scope, Inputs inputs) {
      Tensor x = scope.call(tableName(), table, inputs.get("input_ids"));
      Tensor wide = project(scope, "project_in", table.width(), positions.width(), x);
      return scope.dropout("dropout", scope.call("embed_positions", positions, wide), dropout);
    }

    @Override
    public Tensor back(Scope scope, Tensor hidden) {
      return project(scope, "project_out", positions.width(), table.width(), hidden);
    }

    private static Tensor project(Scope scope, String name, int from, int to, Tensor x) {
      Linear linear = new Linear(from, to, Linear.Style.usual().withoutBias());
      return from == to ? x : scope.call(name, linear, x);
    }
  }

  static Pretrained read(Config config, Task task) {
    int width = config.size("hidden_size");
    int context = config.size("max_position_embeddings", 2048);
    Linear.Style style = Decoders.style(config, config.flag("enable_bias", true));
    double dropout = config.number("dropout", 0.1);
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(width, config.size("num_attention_heads")), Mask.causal())
            .with(HeadProjections.separate().styled(style, style))
            .with(Decoders.scores(config));
    FeedForward feedForward =
        new FeedForward(
                width,
                config.size("ffn_dim"),
                Activations.read(config, "activation_function", "relu"))
            .named(new FeedForward.Names("fc1", "fc2"))
            .styled(style, style);
    boolean affine = config.flag("layer_norm_elementwise_affine", true);
    Block norm = affine ? new LayerNorm(width) : new PlainLayerNorm(width, 1e-5);
    boolean before = config.flag("do_layer_norm_before", true);
    Residual residual = before ? Residual.pre(norm) : Residual.post(norm);
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(attention, feedForward, residual.dropping(dropout), NAMES);
    boolean last = before && !config.flag("_remove_final_layer_norm", false);
    int narrow = config.size("word_embed_proj_dim", width);
    Embedding table =
        new Embedding(config.size("vocab_size"), narrow, Decoders.init(config))
            .padded(config.id("pad_token_id", 1));
    LearnedPositions positions =
        new LearnedPositions(context, width, OFFSET, Decoders.init(config));
    return new DecoderModel(
        config,
        task,
        "model.decoder",
        context,
        narrow,
        new Vectors(table, positions, dropout),
        LayerStack.of(
            layer,
            config.size("num_hidden_layers"),
            last ? norm : null,
            new StackNames("layers", "final_layer_norm")),
        LanguageHead.of("lm_head", config.flag("tie_word_embeddings", true)),
        NameRules.prefix("model.decoder").renaming("^decoder\\.", "model.decoder."));
  }
}
