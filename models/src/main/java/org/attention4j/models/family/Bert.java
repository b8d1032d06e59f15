package org.attention4j.models.family;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoder;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;
import org.jspecify.annotations.Nullable;

/**
 * Encoder-only model (Devlin et al. 2019). Inputs {@code input_ids} [batch, time], optionally
 * {@code attention_mask} and {@code token_type_ids}, both [batch, time]. Output {@code logits}:
 * [batch, time, vocabulary] of the masked-LM head, or [batch, labels] of the classification head.
 * Parameter names are those of Hugging Face's BERT, whose reader opens the directories that were
 * written of this.
 *
 * @param inner width of the feed-forward network
 * @param labels number of classes; 0 for the masked-LM head
 */
public record Bert(
    int vocabulary,
    int context,
    int width,
    int heads,
    int layers,
    int inner,
    double dropout,
    int labels)
    implements Family {
  static final String TYPE = "bert";
  private static final double EPSILON = 1e-12;
  private static final Init SPREAD = Init.normal(0.02);
  private static final String CLASSIFIER = "BertForSequenceClassification";
  private static final TransformerEncoderLayer.Names NAMES =
      new TransformerEncoderLayer.Names(
          "attention", "attention.output.LayerNorm", "", "output.LayerNorm");

  /** The same encoder with a classification head. */
  public Bert classifying(int classes) {
    return new Bert(vocabulary, context, width, heads, layers, inner, dropout, classes);
  }

  @Override
  public String family() {
    return "bert";
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Embedding tokens = new Embedding(vocabulary, width, SPREAD);
    Tensor ids = inputs.get("input_ids");
    Tensor types = inputs.find("token_type_ids");
    Mask padding = Mask.keys(inputs.find("attention_mask"));
    Tensor hidden = scope.uncached().in("bert", s -> encode(s, tokens, ids, types, padding));
    Tensor logits = labels == 0 ? maskedHead(scope, tokens, hidden) : classHead(scope, hidden);
    return Map.of("logits", logits);
  }

  private Tensor encode(
      Scope scope, Embedding tokens, Tensor ids, @Nullable Tensor types, Mask padding) {
    Tensor x =
        scope.in(
            "embeddings",
            s -> {
              Tensor kinds = types == null ? ids.integers(0) : types; // [1] or [batch, time]
              Tensor y =
                  s.call("word_embeddings", tokens, ids)
                      .add(s.call("token_type_embeddings", new Embedding(2, width), kinds));
              Tensor z = s.call("position_embeddings", new LearnedPositions(context, width), y);
              return s.dropout("dropout", s.call("LayerNorm", norm(), z), dropout);
            });
    return scope.in("encoder", s -> stack().apply(s, x, padding, null));
  }

  private TransformerEncoder stack() {
    Linear.Style style = Linear.Style.usual().starting(SPREAD);
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(width, heads), Mask.all())
            .with(
                HeadProjections.separate("self.query", "self.key", "self.value", "output.dense")
                    .styled(style, style))
            .with(Scores.of(Mask.all()).dropping(dropout));
    FeedForward feedForward =
        new FeedForward(width, inner, Activation.Kind.GELU)
            .styled(style, style)
            .named(new FeedForward.Names("intermediate.dense", "output.dense"));
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            attention, feedForward, Residual.post(norm()).dropping(dropout), NAMES);
    return new TransformerEncoder(layer, layers, null, new StackNames("layer", ""));
  }

  private LayerNorm norm() {
    return new LayerNorm(width, EPSILON, true);
  }

  private Linear square() {
    return new Linear(width, width, Linear.Style.usual().starting(SPREAD));
  }

  private Tensor maskedHead(Scope scope, Embedding tokens, Tensor hidden) {
    Scope table = scope.child("bert").child("embeddings").child("word_embeddings");
    return scope.in(
        "cls.predictions",
        s -> {
          Tensor x = s.call("transform.dense", square(), hidden);
          Tensor y = Activation.apply(Activation.Kind.GELU, x);
          Tensor z = s.call("transform.LayerNorm", norm(), y);
          return tokens.project(table, z).add(s.param("bias", Init.zeros(), vocabulary));
        });
  }

  private Tensor classHead(Scope scope, Tensor hidden) {
    Tensor first = hidden.at(1, 0); // [batch, width]
    Tensor pooled = scope.child("bert").in("pooler", s -> s.call("dense", square(), first)).tanh();
    Linear classifier = new Linear(width, labels, Linear.Style.usual().starting(SPREAD));
    return scope.call("classifier", classifier, scope.dropout("dropout", pooled, dropout));
  }

  @Override
  public Model trainable() {
    return labels == 0 ? new NextToken(this) : new ClassLoss(this);
  }

  @Override
  public Config config() {
    Config config =
        Config.of(TYPE)
            .with("architectures", List.of(labels == 0 ? "BertForMaskedLM" : CLASSIFIER))
            .with("vocab_size", vocabulary)
            .with("max_position_embeddings", context)
            .with("hidden_size", width)
            .with("num_attention_heads", heads)
            .with("num_hidden_layers", layers)
            .with("intermediate_size", inner)
            .with("hidden_act", "gelu")
            .with("type_vocab_size", 2)
            .with("layer_norm_eps", EPSILON)
            .with("hidden_dropout_prob", dropout)
            .with("attention_probs_dropout_prob", dropout);
    if (labels == 0) {
      return config;
    }
    Map<String, String> names = new LinkedHashMap<>();
    for (int i = 0; i < labels; i++) {
      names.put(Integer.toString(i), "LABEL_" + i);
    }
    return config.with("id2label", names);
  }
}
