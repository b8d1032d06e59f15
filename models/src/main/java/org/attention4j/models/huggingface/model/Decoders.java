package org.attention4j.models.huggingface.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Block;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.Layer;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.RmsNorm;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;

/** What the files of decoder-only families share: tasks, and readings with the usual names. */
public final class Decoders {
  /** The next token, classes, answers, or the layers alone. */
  public static final List<Task> TASKS =
      List.of(
          Task.CAUSAL_LM,
          Task.SEQUENCE_CLASSIFICATION,
          Task.TOKEN_CLASSIFICATION,
          Task.QUESTION_ANSWERING,
          Task.FEATURES);

  private Decoders() {}

  /** All tasks but those that transformers has no class for. */
  public static List<Task> tasksWithout(Task... missing) {
    return TASKS.stream().filter(task -> !List.of(missing).contains(task)).toList();
  }

  /** {@code num_attention_heads}, {@code num_key_value_heads}, {@code head_dim}. */
  public static Heads heads(Config config) {
    int width = config.size("hidden_size");
    return heads(config, evenly(config, width, config.size("num_attention_heads")));
  }

  /**
   * The same for a family that does not cut the width evenly.
   *
   * @param size of a head where {@code head_dim} is not given
   */
  public static Heads heads(Config config, int size) {
    int count = config.size("num_attention_heads");
    int keyValue = config.size("num_key_value_heads", count);
    return new Heads(config.size("hidden_size"), count, keyValue, config.size("head_dim", size));
  }

  private static int evenly(Config config, int width, int count) {
    if (width % count != 0 && !config.has("head_dim")) {
      throw config.wrong("hidden_size", "a multiple of the " + count + " heads", width);
    }
    return width / count;
  }

  /** Linear layers that start as {@code initializer_range} says. */
  public static Linear.Style style(Config config, boolean bias) {
    Linear.Style style = Linear.Style.usual().starting(init(config));
    return bias ? style : style.withoutBias();
  }

  /** Normal, with the deviation of {@code initializer_range}. */
  public static Init init(Config config) {
    return Init.normal(config.number("initializer_range", 0.02));
  }

  /** Layers q_proj, k_proj, v_proj and o_proj. */
  public static HeadProjections projections(Linear.Style input, Linear.Style output) {
    return HeadProjections.separate("q_proj", "k_proj", "v_proj", "o_proj").styled(input, output);
  }

  /** A layer of its own for each index, in Llama's names with RMS norm before each branch. */
  public static LayerStack layers(
      Config config, RmsNorm norm, IntFunction<MultiHeadAttention> attention, Block feedForward) {
    return layers(config, norm, attention, feedForward, TransformerEncoderLayer.Names.LLAMA);
  }

  /** The same in other names. */
  public static LayerStack layers(
      Config config,
      RmsNorm norm,
      IntFunction<MultiHeadAttention> attention,
      Block feedForward,
      TransformerEncoderLayer.Names names) {
    Residual residual = Residual.pre(norm);
    List<Layer> layers =
        IntStream.range(0, config.size("num_hidden_layers"))
            .<Layer>mapToObj(
                n -> new TransformerEncoderLayer(attention.apply(n), feedForward, residual, names))
            .toList();
    return new LayerStack(layers, norm, StackNames.TORCH);
  }

  /** Attention in Llama's names, without windows. */
  public static MultiHeadAttention attention(
      Config config, Heads heads, HeadProjections projections) {
    return MultiHeadAttention.of(heads, Mask.causal())
        .with(projections)
        .with(Pairing.rotary(Rotary.read(config, heads.size())))
        .with(scores(config));
  }

  /** Causal scores with {@code attention_dropout}. */
  public static Scores scores(Config config) {
    return Scores.of(Mask.causal()).dropping(config.number("attention_dropout", 0));
  }

  /** The same, over the last so many tokens; 0 for all of them. */
  public static Scores window(Config config, int size) {
    Mask mask = size == 0 ? Mask.causal() : Mask.causal().and(Mask.window(size));
    return Scores.of(mask).dropping(config.number("attention_dropout", 0));
  }

  /** SwiGLU, or what {@code hidden_act} says, in Llama's names. */
  public static GatedFeedForward gated(Config config, Linear.Style style) {
    return new GatedFeedForward(
            config.size("hidden_size"),
            config.size("intermediate_size"),
            Activations.read(config, "hidden_act", "silu"))
        .styled(style, style);
  }

  /** {@code rms_norm_eps}, around the weight. */
  public static RmsNorm rmsNorm(Config config) {
    return new RmsNorm(config.size("hidden_size"), config.number("rms_norm_eps", 1e-6));
  }

  /**
   * {@code pad_token_id}, whose row of the table learns nothing from lookups; counted from behind
   * where it is negative, as in PyTorch.
   *
   * @param otherwise where it is not given; negative for none
   */
  public static long padding(Config config, long otherwise) {
    JsonNode given = config.json().path("pad_token_id");
    if (!given.isIntegralNumber()) {
      return otherwise;
    }
    long id = given.longValue();
    return id < 0 ? config.size("vocab_size") + id : id;
  }

  /**
   * The decoder of an encoder-decoder alone, whose layers do not look at a source; what they would
   * do so with is in the file, and left alone.
   *
   * @param rules for names in files, which begin with the first part of {@code model.decoder}
   */
  public static DecoderModel ofPair(
      Config config,
      int context,
      TokenEmbedder embedder,
      LayerStack stack,
      LanguageHead head,
      NameRules rules) {
    config.flag("is_decoder", true); // read: it is one
    NameRules own =
        new NameRules("model.decoder", rules.renames(), rules.tied(), rules.surplus())
            .ignoring("model\\.decoder\\.layers\\.\\d+\\.encoder_attn(_layer_norm)?\\..*");
    return new DecoderModel(
        config,
        Task.CAUSAL_LM,
        "model.decoder",
        context,
        embedder.table().width(),
        embedder,
        stack,
        head,
        own);
  }

  /**
   * The frame in Llama's names: {@code model.embed_tokens}, {@code model.layers}, {@code lm_head}.
   *
   * @param tied where {@code tie_word_embeddings} is not given
   */
  public static DecoderModel model(Config config, Task task, LayerStack stack, boolean tied) {
    int width = config.size("hidden_size");
    return new DecoderModel(
        config,
        task,
        "model",
        config.size("max_position_embeddings", 2048),
        width,
        TokenEmbedder.of("embed_tokens", config.size("vocab_size"), width)
            .padded(padding(config, -1)),
        stack,
        LanguageHead.of("lm_head", config.flag("tie_word_embeddings", tied)),
        NameRules.prefix("model").renaming("^transformer\\.", "model.")); // under qa_outputs
  }
}
