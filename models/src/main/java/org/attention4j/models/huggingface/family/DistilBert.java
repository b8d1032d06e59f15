package org.attention4j.models.huggingface.family;

import java.util.Map;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.ClassHead;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.EncoderModel;
import org.attention4j.models.huggingface.model.Encoders;
import org.attention4j.models.huggingface.model.MaskedHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.SentencePooling;
import org.attention4j.models.huggingface.model.SpanHead;
import org.attention4j.models.huggingface.model.StoredPositions;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
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

/** DistilBERT: BERT's layers without token types and without a layer over the first token. */
final class DistilBert {
  static final Architecture ARCHITECTURE =
      new Architecture(
              "distilbert",
              "DistilBERT",
              "Sanh et al. 2019",
              EncoderModel.TASKS.stream().filter(task -> task != Task.CAUSAL_LM).toList(),
              DistilBert::read)
          .taking(
              Map.of(
                  "hidden_size",
                  "dim",
                  "num_attention_heads",
                  "n_heads",
                  "num_hidden_layers",
                  "n_layers"));

  private DistilBert() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("dim", 768);
    int context = config.size("max_position_embeddings", 512);
    LayerNorm norm = new LayerNorm(width, 1e-12, true);
    Activation.Kind activation = Activations.read(config, "activation", "gelu");
    Linear.Style style = Decoders.style(config, true);
    Linear square = new Linear(width, width, style);
    double dropout = config.number("dropout", 0.1);
    Encoders.Vectors vectors =
        new Encoders.Vectors(
            new Embedding(config.size("vocab_size", 30522), width, Decoders.init(config))
                .padded(config.id("pad_token_id", 0)),
            null,
            config.flag("sinusoidal_pos_embds", false)
                ? new StoredPositions(context, width)
                : new LearnedPositions(context, width, 0, Decoders.init(config)),
            norm,
            dropout,
            -1);
    MaskedHead masked =
        new MaskedHead(
            "vocab_transform",
            square,
            activation,
            "vocab_layer_norm",
            norm,
            config.flag("tie_word_embeddings", true),
            "vocab_projector",
            "vocab_projector.bias");
    boolean tokens = task == Task.TOKEN_CLASSIFICATION;
    ClassHead classes =
        new ClassHead(
            "pre_classifier",
            width,
            Activation.Kind.RELU,
            "classifier",
            style,
            tokens ? dropout : config.number("seq_classif_dropout", 0.2));
    EncoderModel model =
        new EncoderModel(
            config,
            task,
            "distilbert",
            context,
            false,
            "",
            vectors,
            layers(config, width, norm, activation, dropout),
            masked,
            classes,
            new SpanHead(style, config.number("qa_dropout", 0.1)),
            SentencePooling.read(config),
            NameRules.prefix("distilbert"));
    return Encoders.choosing(model);
  }

  private static LayerStack layers(
      Config config, int width, LayerNorm norm, Activation.Kind activation, double dropout) {
    Linear.Style style = Decoders.style(config, true);
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(width, config.size("n_heads", 12)), Mask.all())
            .with(
                HeadProjections.separate("q_lin", "k_lin", "v_lin", "out_lin").styled(style, style))
            .with(Scores.of(Mask.all()).dropping(config.number("attention_dropout", 0.1)));
    FeedForward feedForward =
        new FeedForward(width, config.size("hidden_dim", 3072), activation)
            .styled(style, style)
            .named(new FeedForward.Names("lin1", "lin2"));
    TransformerEncoderLayer.Names names =
        new TransformerEncoderLayer.Names("attention", "sa_layer_norm", "ffn", "output_layer_norm");
    Block dropping = (s, x) -> s.dropout("dropout", feedForward.apply(s, x), dropout);
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(attention, dropping, Residual.post(norm), names);
    StackNames stack = new StackNames("transformer.layer", "");
    return LayerStack.of(layer, config.size("n_layers", 6), null, stack);
  }
}
