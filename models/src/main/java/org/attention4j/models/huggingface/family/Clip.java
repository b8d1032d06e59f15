package org.attention4j.models.huggingface.family;

import java.util.List;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.ImageTextModel;
import org.attention4j.models.huggingface.model.ImageTower;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TextTower;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.models.huggingface.model.Tower;
import org.attention4j.models.huggingface.model.TowerModel;
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
import org.attention4j.nn.PatchEmbedding;
import org.attention4j.nn.Residual;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;

/** CLIP: a causal text encoder and a ViT that learn to give a text and its image one vector. */
final class Clip {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "clip",
          "CLIP",
          "Radford et al. 2021",
          List.of(Task.FEATURES, Task.IMAGE_CLASSIFICATION),
          Clip::read);
  static final Architecture TEXT =
      new Architecture(
          "clip_text_model",
          "CLIP, texts",
          "Radford et al. 2021",
          List.of(Task.FEATURES),
          (config, task) -> alone(config, task, text(config), context(config)));
  static final Architecture IMAGE =
      new Architecture(
          "clip_vision_model",
          "CLIP, images",
          "Radford et al. 2021",
          List.of(Task.FEATURES),
          (config, task) -> {
            ImageTower tower = image(config);
            return alone(config, task, tower, 1 + tower.patches().patches());
          });

  private static final TransformerEncoderLayer.Names LAYER =
      new TransformerEncoderLayer.Names("self_attn", "layer_norm1", "mlp", "layer_norm2");
  private static final StackNames STACK = new StackNames("encoder.layers", "");
  private static final int WIDTH = 512;
  private static final int IMAGE_WIDTH = 768;
  private static final long OLD_END = 2; // in first releases' files, whatever the tokenizer says

  private Clip() {}

  static Pretrained read(Config config, Task task) {
    Config text = config.section("text_config_dict", "text_config");
    Config vision = config.section("vision_config_dict", "vision_config");
    if (task == Task.IMAGE_CLASSIFICATION) {
      ImageTower tower = image(vision);
      return new TowerModel(config, task, 1 + tower.patches().patches(), tower, 0);
    }
    return new ImageTextModel(
        config,
        task,
        context(text),
        text(text),
        image(vision),
        config.size("projection_dim", WIDTH),
        config.number("logit_scale_init_value", 2.6592));
  }

  private static Pretrained alone(Config config, Task task, Tower tower, int context) {
    boolean projects = config.first("architectures", "").endsWith("WithProjection");
    int size = projects ? config.size("projection_dim", WIDTH) : 0;
    return new TowerModel(config, task, context, tower, size);
  }

  private static int context(Config config) {
    return config.size("max_position_embeddings", 77);
  }

  private static TextTower text(Config config) {
    int width = config.size("hidden_size", WIDTH);
    Init init = Init.normal(0.02);
    long end = config.id("eos_token_id", 49407);
    TokenEmbedder embedder =
        TokenEmbedder.of("token_embedding", config.size("vocab_size", 49408), width)
            .starting(init)
            .placed("position_embedding", new LearnedPositions(context(config), width, 0, init));
    return new TextTower(
        embedder,
        layers(config, width, 8, 4 * WIDTH, Mask.causal()),
        norm(config, width),
        end == OLD_END ? TextTower.HIGHEST : end);
  }

  private static ImageTower image(Config config) {
    int width = config.size("hidden_size", IMAGE_WIDTH);
    Init init = Init.normal(config.number("initializer_range", 0.02));
    PatchEmbedding patches =
        new PatchEmbedding(
            config.size("num_channels", 3),
            config.size("image_size", 224),
            config.size("patch_size", 32),
            width,
            init);
    return new ImageTower(
        patches.withoutBias(),
        layers(config, width, 12, 4 * IMAGE_WIDTH, Mask.all()),
        norm(config, width),
        init);
  }

  private static LayerNorm norm(Config config, int width) {
    return new LayerNorm(width, config.number("layer_norm_eps", 1e-5), true);
  }

  private static LayerStack layers(Config config, int width, int heads, int inner, Mask mask) {
    Linear.Style style = Linear.Style.usual();
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(width, config.size("num_attention_heads", heads)), mask)
            .with(HeadProjections.separate().styled(style, style))
            .with(Scores.of(mask).dropping(config.number("attention_dropout", 0)));
    FeedForward feedForward =
        new FeedForward(
                width,
                config.size("intermediate_size", inner),
                Activations.read(config, "hidden_act", "quick_gelu"))
            .named(new FeedForward.Names("fc1", "fc2"));
    Residual residual = Residual.pre(norm(config, width));
    return LayerStack.of(
        new TransformerEncoderLayer(attention, feedForward, residual, LAYER),
        config.size("num_hidden_layers", 12),
        null,
        STACK);
  }
}
