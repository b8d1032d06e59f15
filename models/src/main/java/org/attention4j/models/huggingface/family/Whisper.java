package org.attention4j.models.huggingface.family;

import java.util.List;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.ShiftedLoss;
import org.attention4j.models.huggingface.model.SoundClassModel;
import org.attention4j.models.huggingface.model.SpeechEncoder;
import org.attention4j.models.huggingface.model.SpeechModel;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.Conv1d;
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
import org.attention4j.nn.TransformerDecoder;
import org.attention4j.nn.TransformerDecoderLayer;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;

/** Whisper: two convolutions over mel frames, pre-norm layers, keys without bias. */
final class Whisper {
  static final Architecture ARCHITECTURE =
      new Architecture(
              "whisper",
              "Whisper",
              "Radford et al. 2022",
              List.of(Task.SEQ2SEQ_LM, Task.AUDIO_CLASSIFICATION, Task.CAUSAL_LM, Task.FEATURES),
              Whisper::read)
          .taking(BartLike.OTHER_NAMES);

  private Whisper() {}

  static Pretrained read(Config config, Task task) {
    config.has("scale_embedding"); // read and never applied, as in transformers
    int width = config.size("d_model", 384);
    int context = config.size("max_target_positions", 448);
    double dropout = config.number("dropout", 0);
    Init init = Init.normal(config.number("init_std", 0.02));
    LayerNorm norm = new LayerNorm(width);
    Residual residual = Residual.pre(norm).dropping(dropout);
    TransformerEncoderLayer encoderLayer =
        new TransformerEncoderLayer(
            attention(config, "encoder", Mask.all(), init),
            feedForward(config, "encoder", init),
            residual,
            BartLike.ENCODER);
    TransformerDecoderLayer decoderLayer =
        new TransformerDecoderLayer(
            attention(config, "decoder", Mask.causal(), init),
            attention(config, "decoder", Mask.all(), init),
            feedForward(config, "decoder", init),
            residual,
            BartLike.DECODER);
    int encoderLayers = config.size("encoder_layers", 4);
    int decoderLayers = config.size("decoder_layers", 4);
    long padding = config.id("pad_token_id", 50256);
    SpeechEncoder encoder =
        new SpeechEncoder(
            new Conv1d(config.size("num_mel_bins", 80), width, 3, 1, 1, init),
            new Conv1d(width, width, 3, 2, 1, init),
            config.size("max_source_positions", 1500),
            LayerStack.of(encoderLayer, encoderLayers, norm, BartLike.STACK),
            dropout);
    if (task == Task.AUDIO_CLASSIFICATION) {
      boolean weighted = config.flag("use_weighted_layer_sum", false);
      return new SoundClassModel(
          config, encoder, config.size("classifier_proj_size", 256), weighted);
    }
    TokenEmbedder embedder =
        TokenEmbedder.of("embed_tokens", config.size("vocab_size", 51865), width)
            .padded(padding)
            .placed("embed_positions", new LearnedPositions(context, width, 0, init))
            .dropping(dropout);
    LanguageHead head = LanguageHead.of("proj_out", config.flag("tie_word_embeddings", true));
    if (task == Task.CAUSAL_LM) {
      TransformerEncoderLayer layer =
          new TransformerEncoderLayer(
              attention(config, "decoder", Mask.causal(), init),
              feedForward(config, "decoder", init),
              residual,
              BartLike.ENCODER);
      LayerStack stack = LayerStack.of(layer, decoderLayers, norm, BartLike.STACK);
      return Decoders.ofPair(config, context, embedder, stack, head, NameRules.prefix(""));
    }
    return new SpeechModel(
        config,
        task,
        context,
        encoder,
        embedder,
        new TransformerDecoder(decoderLayer, decoderLayers, norm, BartLike.STACK),
        head,
        new ShiftedLoss.Labels(config.id("decoder_start_token_id", 50257), padding));
  }

  private static MultiHeadAttention attention(Config config, String side, Mask mask, Init init) {
    Heads heads = Heads.of(config.size("d_model", 384), config.size(side + "_attention_heads", 6));
    Linear.Style style = Linear.Style.usual().starting(init);
    return MultiHeadAttention.of(heads, mask)
        .with(HeadProjections.separate().styled(style, style).withoutKeyBias())
        .with(Scores.of(mask).dropping(config.number("attention_dropout", 0)));
  }

  private static FeedForward feedForward(Config config, String side, Init init) {
    Linear.Style style = Linear.Style.usual().starting(init);
    return new FeedForward(
            config.size("d_model", 384),
            config.size(side + "_ffn_dim", 1536),
            Activations.read(config, "activation_function", "gelu"))
        .named(new FeedForward.Names("fc1", "fc2"))
        .styled(style, style)
        .dropping(config.number("activation_dropout", 0));
  }
}
