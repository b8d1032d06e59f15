package org.attention4j.models.huggingface.family;

import java.util.List;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.ClassHead;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.Encoders;
import org.attention4j.models.huggingface.model.ImageModel;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.PatchEmbedding;
import org.attention4j.nn.Residual;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;

/** ViT: pre-norm layers over image patches and a class token. DeiT has one token more. */
final class Vit {
  private static final List<Task> TASKS =
      List.of(Task.IMAGE_CLASSIFICATION, Task.MASKED_IMAGE_MODELING, Task.FEATURES);
  static final Architecture ARCHITECTURE =
      new Architecture("vit", "ViT", "Dosovitskiy et al. 2021", TASKS, Vit::read);
  static final Architecture DEIT =
      new Architecture("deit", "DeiT", "Touvron et al. 2021", TASKS, Vit::read);

  private Vit() {}

  static Pretrained read(Config config, Task task) {
    boolean distilled = config.modelType().equals("deit");
    int width = config.size("hidden_size");
    LayerNorm norm = Encoders.norm(config);
    LayerStack stack =
        Encoders.layers(
            config,
            Mask.all(),
            Activations.read(config, "hidden_act", "gelu"),
            HeadProjections.separate(
                "attention.query", "attention.key", "attention.value", "output.dense"),
            Decoders.style(config, config.flag("qkv_bias", true)),
            Residual.pre(norm),
            new TransformerEncoderLayer.Names(
                "attention", "layernorm_before", "", "layernorm_after"));
    PatchEmbedding patches =
        new PatchEmbedding(
            config.size("num_channels", 3),
            size(config, "image_size", 224),
            size(config, "patch_size", 16),
            width,
            Decoders.init(config),
            true);
    Activation.Kind tanh = Activations.read(config, "pooler_act", "tanh");
    boolean pools = task == Task.FEATURES;
    ClassHead classes =
        new ClassHead(
            pools ? "pooler.dense" : "",
            width,
            tanh,
            "classifier",
            Decoders.style(config, true),
            0);
    List<String> tokens =
        distilled ? List.of("cls_token", "distillation_token") : List.of("cls_token");
    NameRules rules = newer(NameRules.prefix(config.modelType())).ignoring("(.*\\.)?mask_token");
    return new ImageModel(config, task, tokens, patches, stack, norm, classes, true, rules);
  }

  /** The layers' names in transformers 5, which adapters have. */
  private static NameRules newer(NameRules rules) {
    String layer = "\\blayers\\.(\\d+)\\.";
    String old = "encoder.layer.$1.";
    return rules
        .renaming(layer + "attention\\.q_proj", old + "attention.attention.query")
        .renaming(layer + "attention\\.k_proj", old + "attention.attention.key")
        .renaming(layer + "attention\\.v_proj", old + "attention.attention.value")
        .renaming(layer + "attention\\.o_proj", old + "attention.output.dense")
        .renaming(layer + "mlp\\.fc1", old + "intermediate.dense")
        .renaming(layer + "mlp\\.fc2", old + "output.dense")
        .renaming(layer + "layernorm_", old + "layernorm_");
  }

  /** One number for both sides, or height and width. */
  private static PatchEmbedding.Size size(Config config, String name, int otherwise) {
    List<Integer> sides = config.sizes(name, otherwise);
    if (sides.size() > 2) {
      throw config.wrong(name, "one number, or height and width", sides);
    }
    return new PatchEmbedding.Size(sides.get(0), sides.get(sides.size() - 1));
  }
}
