package org.attention4j.models.huggingface.model;

import org.attention4j.models.family.Config;
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
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What the files of encoder-only families share, in BERT's names. */
public final class Encoders {
  private Encoders() {}

  /**
   * Vectors of tokens, types and positions, summed and normalised, below {@code embeddings}.
   *
   * @param types null where tokens have none
   * @param padding the token whose slots do not count in positions, which begin behind its number;
   *     negative where positions are slots
   */
  public record Vectors(
      Embedding table,
      @Nullable Embedding types,
      Block places,
      LayerNorm norm,
      double dropout,
      long padding)
      implements Embedder {
    @Override
    public String tableName() {
      return "embeddings.word_embeddings";
    }

    @Override
    public @Nullable Tensor positions(Scope scope, Inputs inputs) {
      Tensor given = inputs.find("position_ids");
      if (given != null || padding < 0) {
        return given;
      }
      Tensor ids = inputs.get("input_ids");
      Tensor token = ids.eq(ids.integers(padding)).not().cast(DType.I64); // [batch, time]
      Tensor count = Positions.ofTokens(token, scope.start(), ids.dim(1)).add(ids.integers(1));
      return count.mul(token).add(ids.integers(padding));
    }

    @Override
    public Tensor embed(Scope scope, Inputs inputs) {
      Tensor ids = inputs.get("input_ids");
      Tensor x = scope.call(tableName(), table, ids);
      if (types != null) {
        Tensor given = inputs.find("token_type_ids");
        Tensor kinds = given == null ? ids.integers(0) : given; // [1] or [batch, time]
        x = x.add(scope.call("embeddings.token_type_embeddings", types, kinds));
      }
      x = scope.call("embeddings.position_embeddings", places, x);
      x = scope.call("embeddings.LayerNorm", norm, x);
      return scope.dropout("embeddings.dropout", x, dropout);
    }
  }

  /** {@code layer_norm_eps}. */
  public static LayerNorm norm(Config config) {
    return new LayerNorm(config.size("hidden_size"), config.number("layer_norm_eps", 1e-12), true);
  }

  /**
   * Whether tokens see no later ones, as {@code is_decoder} says; under other heads than that for
   * the next token it is refused.
   */
  static boolean decodes(Config config, Task task) {
    return task == Task.CAUSAL_LM && config.flag("is_decoder", false);
  }

  /** {@code encoder.layer.N}, normalised after each branch. */
  public static LayerStack layers(Config config, Task task, Activation.Kind activation) {
    return layers(
        config,
        decodes(config, task) ? Mask.causal() : Mask.all(),
        activation,
        HeadProjections.separate("self.query", "self.key", "self.value", "output.dense"),
        Decoders.style(config, true),
        Residual.post(norm(config)),
        new TransformerEncoderLayer.Names(
            "attention", "attention.output.LayerNorm", "", "output.LayerNorm"));
  }

  /** The same with other names, or normalised before each branch. */
  public static LayerStack layers(
      Config config,
      Mask mask,
      Activation.Kind activation,
      HeadProjections projections,
      Linear.Style input,
      Residual residual,
      TransformerEncoderLayer.Names names) {
    int width = config.size("hidden_size");
    Linear.Style style = Decoders.style(config, true);
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(width, config.size("num_attention_heads")), mask)
            .with(projections.styled(input, style))
            .with(Scores.of(mask).dropping(config.number("attention_probs_dropout_prob", 0.1)));
    FeedForward feedForward =
        new FeedForward(width, config.size("intermediate_size"), activation)
            .styled(style, style)
            .named(new FeedForward.Names("intermediate.dense", "output.dense"));
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            attention, feedForward, residual.dropping(dropout(config)), names);
    StackNames stack = new StackNames("encoder.layer", "");
    return LayerStack.of(layer, config.size("num_hidden_layers"), null, stack);
  }

  /** {@code hidden_dropout_prob}. */
  public static double dropout(Config config) {
    return config.number("hidden_dropout_prob", 0.1);
  }

  /** Of the classes: {@code classifier_dropout}, or that of the layers. */
  public static double classDropout(Config config) {
    return config.number("classifier_dropout", dropout(config));
  }

  /** The choice among texts is that of one number each. */
  public static Pretrained choosing(EncoderModel model) {
    return model.task() == Task.MULTIPLE_CHOICE ? new ChoiceModel(model) : model;
  }

  /** Vectors with BERT's entries; see {@link Vectors} for the padding. */
  public static Vectors vectors(Config config, int context, long padding) {
    int width = config.size("hidden_size");
    return new Vectors(
        new Embedding(config.size("vocab_size"), width, Decoders.init(config))
            .padded(config.id("pad_token_id", Math.max(padding, 0))),
        new Embedding(config.size("type_vocab_size", 2), width, Decoders.init(config)),
        new LearnedPositions(context, width, 0, Decoders.init(config)).padded(padding),
        norm(config),
        dropout(config),
        padding);
  }

  /** A layer of the hidden width. */
  public static Linear square(Config config) {
    int width = config.size("hidden_size");
    return new Linear(width, width, Decoders.style(config, true));
  }
}
