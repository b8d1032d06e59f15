package org.attention4j.models.huggingface.family;

import java.util.List;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.EncoderDecoder;
import org.attention4j.models.huggingface.model.EndHead;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.SentencePooling;
import org.attention4j.models.huggingface.model.ShiftedLoss;
import org.attention4j.models.huggingface.model.SourceModel;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.Block;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.Residual;
import org.attention4j.nn.RmsNorm;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerDecoder;
import org.attention4j.nn.TransformerDecoderLayer;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;

/**
 * T5, T5 1.1 and Flan-T5: a learned bias of distances that all layers share, scores without a
 * scale, RMS norm before each branch, no biases.
 */
final class T5 {
  static final Architecture ARCHITECTURE =
      new Architecture(
              "t5",
              "T5",
              "Raffel et al. 2020",
              List.of(
                  Task.SEQ2SEQ_LM,
                  Task.SEQUENCE_CLASSIFICATION,
                  Task.TOKEN_CLASSIFICATION,
                  Task.QUESTION_ANSWERING,
                  Task.FEATURES),
              T5::read)
          .taking(
              Map.of(
                  "hidden_size",
                  "d_model",
                  "num_attention_heads",
                  "num_heads",
                  "num_hidden_layers",
                  "num_layers",
                  "head_dim",
                  "d_kv"));

  private static final String SELF = T5Layers.SELF;
  private static final String SELF_NORM = "layer.0.layer_norm";
  private static final String MIDDLE_NORM = "layer.1.layer_norm";
  private static final TransformerEncoderLayer.Names ENCODER =
      new TransformerEncoderLayer.Names(SELF, SELF_NORM, "layer.1.DenseReluDense", MIDDLE_NORM);
  private static final TransformerDecoderLayer.Names DECODER =
      new TransformerDecoderLayer.Names(
          SELF,
          SELF_NORM,
          "layer.1.EncDecAttention",
          MIDDLE_NORM,
          "layer.2.DenseReluDense",
          "layer.2.layer_norm");
  private static final StackNames STACK = new StackNames("block", "final_layer_norm");

  private T5() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("d_model", 512);
    int layers = config.size("num_layers", 6);
    double dropout = config.number("dropout_rate", 0.1);
    RmsNorm norm = new RmsNorm(width, config.number("layer_norm_epsilon", 1e-6));
    Block last = (s, x) -> s.dropout("dropout", norm.apply(s, x), dropout);
    Residual residual = Residual.pre(norm).dropping(dropout);
    Block feedForward = T5Layers.feedForward(config, width, dropout);
    MultiHeadAttention both = T5Layers.attention(config, Mask.all(), dropout);
    MultiHeadAttention causal = T5Layers.attention(config, Mask.causal(), dropout);
    TokenEmbedder embedder =
        TokenEmbedder.of("embed_tokens", config.size("vocab_size", 32128), width)
            .starting(ScaledStart.read(config).table())
            .dropping(dropout);
    EncoderDecoder.Encoder encoder =
        new EncoderDecoder.Encoder(
            embedder,
            LayerStack.of(
                new TransformerEncoderLayer(both, feedForward, residual, ENCODER),
                layers,
                last,
                STACK),
            T5Layers.relative(config, true));
    boolean tokens = task == Task.TOKEN_CLASSIFICATION;
    String prefix = tokens || task == Task.SEQUENCE_CLASSIFICATION ? "transformer" : "";
    NameRules rules =
        NameRules.prefix(prefix).ignoring(".*EncDecAttention\\.relative_attention_bias\\.weight");
    int context = config.size("n_positions", 512);
    if (tokens || config.first("architectures", "").endsWith("EncoderModel")) {
      SentencePooling pooling = SentencePooling.read(config);
      return new SourceModel(config, task, prefix, context, encoder, pooling, rules);
    }
    EncoderDecoder.Decoder decoder =
        new EncoderDecoder.Decoder(
            embedder,
            new TransformerDecoder(
                new TransformerDecoderLayer(causal, both, feedForward, residual, DECODER),
                config.size("num_decoder_layers", layers),
                last,
                STACK),
            T5Layers.relative(config, false));
    boolean tied = config.flag("tie_word_embeddings", true);
    boolean scaled = config.flag("scale_decoder_outputs", tied);
    long padding = config.id("pad_token_id", 0);
    return new EncoderDecoder(
        config,
        task,
        prefix,
        context,
        encoder,
        decoder,
        LanguageHead.of("lm_head", tied).scaled(scaled ? 1 / Math.sqrt(width) : 1),
        new EndHead(
            config.id("eos_token_id", 1),
            Linear.Style.usual(),
            config.number("classifier_dropout", 0)),
        new ShiftedLoss.Labels(config.id("decoder_start_token_id", padding), padding),
        true,
        false,
        rules);
  }
}
