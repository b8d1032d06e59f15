package org.attention4j.conformance.models;

import java.util.Map;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoder;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * BERT in small, with its checkpoint's names: post-norm, attention both ways, exact GELU, tied
 * head, and a classifier of the first token.
 *
 * <p>Inputs: {@code input_ids} [batch, time]; if opened with it, {@code attention_mask} [batch,
 * time]. Outputs: {@code logits} [batch, time, vocabulary], {@code classes} [batch, 3].
 */
public record TinyBert(int vocabulary, int context, int width, int heads, int layers)
    implements Model {

  /** 13 tokens, context 16, width 12, 2 heads, 2 layers. */
  public static TinyBert standard() {
    return new TinyBert(13, 16, 12, 2, 2);
  }

  private TransformerEncoder stack() {
    HeadProjections projections =
        HeadProjections.separate("self.query", "self.key", "self.value", "output.dense");
    FeedForward feedForward =
        new FeedForward(width, 4 * width, Activation.Kind.GELU)
            .named(new FeedForward.Names("intermediate.dense", "output.dense"));
    TransformerEncoderLayer.Names names =
        new TransformerEncoderLayer.Names(
            "attention", "attention.output.LayerNorm", "", "output.LayerNorm");
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            MultiHeadAttention.of(Heads.of(width, heads), Mask.all()).with(projections),
            feedForward,
            Residual.post(new LayerNorm(width, 1e-12, true)),
            names);
    return new TransformerEncoder(layer, layers, null, new StackNames("layer", ""));
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope top, Inputs inputs) {
    Scope bert = top.child("bert").uncached();
    Embedding tokens = new Embedding(vocabulary, width);
    Scope embeddings = bert.child("embeddings");
    Tensor x = embeddings.call("word_embeddings", tokens, inputs.get("input_ids"));
    x = embeddings.call("position_embeddings", new LearnedPositions(context, width), x);
    x = embeddings.call("LayerNorm", new LayerNorm(width, 1e-12, true), x);
    x = stack().apply(bert.child("encoder"), x, Mask.keys(inputs.find("attention_mask")), null);
    Tensor first = x.at(1, 0); // [batch, width]
    return Map.of(
        "logits",
        embeddings.call("word_embeddings", new LanguageModelHead(tokens), x),
        "classes",
        top.call("classifier", new Linear(width, 3), first));
  }
}
