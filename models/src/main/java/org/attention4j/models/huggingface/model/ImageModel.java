package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.family.ClassLoss;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Init;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.PatchEmbedding;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The frame of encoders of image patches behind learned tokens. Input {@code pixel_values} [batch,
 * channels, height, width], output {@code logits} [batch, labels] or {@code last_hidden_state}
 * [batch, tokens + patches, width] and {@code pooler_output} [batch, pooler width]; of a DeiT with
 * a teacher also {@code cls_logits} and {@code distillation_logits}, whose mean are the logits.
 * With hidden patches, {@code bool_masked_pos} [batch, patches], {@code reconstruction} [batch,
 * channels, height, width].
 *
 * @param tokens names of the learned ones before the patches; the first one stands for the image
 * @param pools whether layers alone have one behind {@code pooler_output}
 * @param extra rules for names in files
 */
public record ImageModel(
    Config config,
    Task task,
    List<String> tokens,
    PatchEmbedding patches,
    LayerStack stack,
    LayerNorm norm,
    ClassHead classes,
    boolean pools,
    NameRules extra)
    implements Pretrained, Storable<ImageModel> {
  static final String PIXELS = "pixel_values";
  static final String MASKED = "bool_masked_pos";

  @Override
  public String family() {
    return config.modelType();
  }

  /** None: it reads no tokens. */
  @Override
  public int vocabulary() {
    return 0;
  }

  @Override
  public int context() {
    return tokens.size() + patches.patches();
  }

  @Override
  public Map<String, TensorType> inputs() {
    PatchEmbedding.Size size = patches.size();
    return Map.of(PIXELS, TensorType.f32("batch", patches.channels(), size.height(), size.width()));
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    if (paints()) {
      inputs.put(MASKED, TensorType.bool("batch", patches.patches()));
    }
    return inputs;
  }

  private boolean paints() {
    return task == Task.MASKED_IMAGE_MODELING;
  }

  /** {@inheritDoc} The layer behind {@code pooler_output} may be missing. */
  @Override
  public ImageModel asStored(StoredFile file) {
    return file.hasBelow("pooler.")
        ? this
        : new ImageModel(config, task, tokens, patches, stack, norm, classes, false, extra);
  }

  private String root() {
    return task == Task.FEATURES ? "" : config.modelType();
  }

  @Override
  public Map<String, String> observable() {
    return stack.observable(root());
  }

  @Override
  public NameRules nameRules() {
    return extra;
  }

  private Tensor embed(Scope scope, Inputs inputs) {
    Tensor x = scope.call("patch_embeddings.projection", patches, inputs.get(PIXELS));
    Init init = Decoders.init(config);
    if (paints()) {
      Tensor token = scope.param("mask_token", Init.zeros(), 1, 1, patches.width());
      Tensor masked = inputs.find(MASKED);
      Tensor hidden =
          masked == null ? x.scalar(0).reshape(1, 1, 1) : masked.cast(x.dtype()).insert(-1);
      x = x.mul(hidden.neg().add(1)).add(token.mul(hidden)); // [batch, patches, width]
    }
    List<Dim> one = x.type().with(1, Dim.of(1)).dims(); // [batch, 1, width]
    for (int n = tokens.size() - 1; n >= 0; n--) {
      x = scope.param(tokens.get(n), init, 1, 1, patches.width()).expand(one).concat(1, x);
    }
    x = x.add(scope.param("position_embeddings", init, 1, context(), patches.width()));
    return scope.dropout("dropout", x, Encoders.dropout(config));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor hidden =
        scope
            .uncached()
            .in(
                root(),
                s -> {
                  Tensor x = s.in("embeddings", e -> embed(e, inputs));
                  return s.call("layernorm", norm, stack.apply(s, x, Mask.all(), null));
                }); // [batch, tokens + patches, width]
    if (task == Task.FEATURES && pools) {
      int size = config.size("pooler_output_size", patches.width());
      Tensor pooled = classes.pooled(scope, hidden, size);
      return Map.of("last_hidden_state", hidden, "pooler_output", pooled);
    }
    if (task == Task.FEATURES) {
      return Map.of("last_hidden_state", hidden);
    }
    if (paints()) {
      Tensor seen = hidden.slice(1, tokens.size(), hidden.dim(1)); // [batch, patches, width]
      PixelHead head = new PixelHead(patches.channels(), side(), Decoders.init(config));
      return Map.of("reconstruction", head.apply(scope, seen));
    }
    return config.first("architectures", "").endsWith("WithTeacher")
        ? distilled(scope, hidden)
        : Map.of("logits", classes.sequence(scope, hidden, labels()));
  }

  /** Logits of the class token and of that which learned from a teacher, and their mean. */
  private Map<String, Tensor> distilled(Scope scope, Tensor hidden) {
    Linear linear = new Linear(patches.width(), labels(), Decoders.style(config, true));
    Tensor own = scope.call("cls_classifier", linear, hidden.at(1, 0)); // [batch, labels]
    Tensor taught = scope.call("distillation_classifier", linear, hidden.at(1, 1));
    return Map.of(
        "logits", own.add(taught).mul(0.5), "cls_logits", own, "distillation_logits", taught);
  }

  private int side() {
    return config.size("encoder_stride", 16);
  }

  private int labels() {
    return config.count("id2label", 2);
  }

  @Override
  public Model withLoss() {
    return withLoss(DType.I64);
  }

  @Override
  public Model withLoss(DType type) {
    return paints() ? new PixelLoss(this, side()) : ProblemType.loss(this, config, labels(), type);
  }

  @Override
  public Model trainable() {
    return paints() ? withLoss() : new ClassLoss(this);
  }
}
