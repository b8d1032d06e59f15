package org.attention4j.models.huggingface.family;

import java.util.List;
import java.util.Map;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.EncoderDecoder;
import org.attention4j.models.huggingface.model.EndHead;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.ShiftedLoss;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.Block;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.SinusoidalPositions;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerDecoder;
import org.attention4j.nn.TransformerDecoderLayer;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;

/** Reads the encoder-decoders whose configurations and layers are named as BART's. */
final class BartLike {
  static final List<Task> TASKS = List.of(Task.SEQ2SEQ_LM, Task.CAUSAL_LM, Task.FEATURES);

  /** The encoder's size under the names that other families have. */
  static final Map<String, String> OTHER_NAMES =
      Map.of(
          "hidden_size", "d_model",
          "num_attention_heads", "encoder_attention_heads",
          "num_hidden_layers", "encoder_layers");

  private static final int OFFSET = 2;
  static final TransformerEncoderLayer.Names ENCODER =
      new TransformerEncoderLayer.Names(
          "self_attn", "self_attn_layer_norm", "", "final_layer_norm");
  static final TransformerDecoderLayer.Names DECODER =
      new TransformerDecoderLayer.Names(
          "self_attn",
          "self_attn_layer_norm",
          "encoder_attn",
          "encoder_attn_layer_norm",
          "",
          "final_layer_norm");
  static final StackNames STACK = new StackNames("layers", "layer_norm");

  private BartLike() {}

  /**
   * What differs.
   *
   * @param before whether norms stand before the branches and after the last layer
   * @param sinusoidal whether positions are sines and cosines, not a table with an offset of 2
   * @param embeddingNorm whether a norm follows the positions
   * @param shared whether source and target have the same tokens, in one table
   * @param activation of the feed-forward networks, where the configuration names none
   * @param start the decoder's first token, where the configuration names none
   * @param padding the same for padding
   */
  record Kind(
      boolean before,
      boolean sinusoidal,
      boolean embeddingNorm,
      boolean shared,
      String activation,
      long start,
      long padding) {}

  static Pretrained read(Config config, Task task, Kind kind) {
    int width = config.size("d_model", 1024);
    int context = config.size("max_position_embeddings", 1024);
    double dropout = config.number("dropout", 0.1);
    LayerNorm norm = new LayerNorm(width);
    Residual placed = kind.before ? Residual.pre(norm) : Residual.post(norm);
    Residual residual = placed.dropping(dropout);
    LayerNorm last = kind.before ? norm : null;
    int sourceTokens = config.size("vocab_size");
    int tokens = kind.shared ? sourceTokens : config.size("decoder_vocab_size", sourceTokens);
    TokenEmbedder source = embedder(config, kind, sourceTokens, context).dropping(dropout);
    TokenEmbedder target = embedder(config, kind, tokens, context).dropping(dropout);
    TransformerEncoderLayer encoderLayer =
        new TransformerEncoderLayer(
            attention(config, "encoder", Mask.all()),
            feedForward(config, "encoder", kind),
            residual,
            ENCODER);
    TransformerDecoderLayer decoderLayer =
        new TransformerDecoderLayer(
            attention(config, "decoder", Mask.causal()),
            attention(config, "decoder", Mask.all()),
            feedForward(config, "decoder", kind),
            residual,
            DECODER);
    int encoderLayers = config.size("encoder_layers", 12);
    int decoderLayers = config.size("decoder_layers", 12);
    LanguageHead head = LanguageHead.of("lm_head", config.flag("tie_word_embeddings", true));
    if (task == Task.CAUSAL_LM) {
      TransformerEncoderLayer layer =
          new TransformerEncoderLayer(
              attention(config, "decoder", Mask.causal()),
              feedForward(config, "decoder", kind),
              residual,
              ENCODER);
      LayerStack stack = LayerStack.of(layer, decoderLayers, last, STACK);
      return Decoders.ofPair(config, context, target, stack, head, rules(kind));
    }
    return new EncoderDecoder(
        config,
        task,
        "model",
        context,
        new EncoderDecoder.Encoder(
            source, LayerStack.of(encoderLayer, encoderLayers, last, STACK), null),
        new EncoderDecoder.Decoder(
            target, new TransformerDecoder(decoderLayer, decoderLayers, last, STACK), null),
        head,
        new EndHead(
            config.id("eos_token_id", 2), style(config), config.number("classifier_dropout", 0)),
        new ShiftedLoss.Labels(
            config.id("decoder_start_token_id", kind.start),
            config.id("pad_token_id", kind.padding)),
        kind.shared,
        true,
        rules(kind));
  }

  private static NameRules rules(Kind kind) {
    NameRules rules = NameRules.prefix("model");
    return kind.sinusoidal
        ? rules.ignoring("(model\\.)?(encoder|decoder)\\.embed_positions\\.weight")
        : rules;
  }

  private static TokenEmbedder embedder(Config config, Kind kind, int tokens, int context) {
    int width = config.size("d_model", 1024);
    Init init = Init.normal(config.number("init_std", 0.02));
    Block positions =
        kind.sinusoidal
            ? SinusoidalPositions.inHalves()
            : new LearnedPositions(context, width, OFFSET, init);
    TokenEmbedder embedder =
        TokenEmbedder.of("embed_tokens", tokens, width)
            .padded(config.id("pad_token_id", kind.padding))
            .scaled(config.flag("scale_embedding", false) ? Math.sqrt(width) : 1)
            .placed("embed_positions", positions);
    return kind.embeddingNorm
        ? embedder.normalised("layernorm_embedding", new LayerNorm(width))
        : embedder;
  }

  private static Linear.Style style(Config config) {
    return Linear.Style.usual().starting(Init.normal(config.number("init_std", 0.02)));
  }

  private static MultiHeadAttention attention(Config config, String side, Mask mask) {
    Heads heads =
        Heads.of(config.size("d_model", 1024), config.size(side + "_attention_heads", 16));
    return MultiHeadAttention.of(heads, mask)
        .with(HeadProjections.separate().styled(style(config), style(config)))
        .with(Scores.of(mask).dropping(config.number("attention_dropout", 0)));
  }

  private static FeedForward feedForward(Config config, String side, Kind kind) {
    return new FeedForward(
            config.size("d_model", 1024),
            config.size(side + "_ffn_dim", 4096),
            Activations.read(config, "activation_function", kind.activation))
        .named(new FeedForward.Names("fc1", "fc2"))
        .styled(style(config), style(config))
        .dropping(config.number("activation_dropout", 0));
  }
}
