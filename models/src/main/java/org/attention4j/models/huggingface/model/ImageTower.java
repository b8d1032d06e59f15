package org.attention4j.models.huggingface.model;

import java.util.List;
import java.util.Map;
import org.attention4j.nn.Init;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.PatchEmbedding;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Layers over the patches of an image, with a learned token in front that stands for the image.
 *
 * @param norm of the embeddings, at {@code pre_layrnorm} as CLIP writes it, and of the first token
 *     at last, at {@code post_layernorm}
 */
public record ImageTower(PatchEmbedding patches, LayerStack stack, LayerNorm norm, Init init)
    implements Tower {
  private static final String PIXELS = "pixel_values";

  @Override
  public String name() {
    return "vision_model";
  }

  @Override
  public String projection() {
    return "visual_projection";
  }

  @Override
  public String embedding() {
    return "image_embeds";
  }

  @Override
  public Map<String, TensorType> inputs() {
    PatchEmbedding.Size size = patches.size();
    return Map.of(PIXELS, TensorType.f32("batch", patches.channels(), size.height(), size.width()));
  }

  @Override
  public Map<String, TensorType> optional() {
    return Map.of();
  }

  /** None: it reads no tokens. */
  @Override
  public int vocabulary() {
    return 0;
  }

  @Override
  public Read read(Scope scope, Inputs inputs) {
    Scope uncached = scope.uncached();
    Tensor x = uncached.in("embeddings", s -> embed(s, inputs.get(PIXELS)));
    Tensor y = scope.call("pre_layrnorm", norm, x);
    Tensor hidden = stack.apply(uncached, y, Mask.all(), null); // [batch, 1 + patches, width]
    return new Read(hidden, scope.call("post_layernorm", norm, hidden.at(1, 0)));
  }

  private Tensor embed(Scope scope, Tensor pixels) {
    int width = patches.width();
    Tensor x = scope.call("patch_embedding", patches, pixels);
    List<Dim> one = x.type().with(1, Dim.of(1)).dims(); // [batch, 1, width]
    Tensor token = scope.param("class_embedding", init, width).reshape(1, 1, width).expand(one);
    int places = patches.patches() + 1;
    Tensor table = scope.child("position_embedding").param("weight", init, places, width);
    return token.concat(1, x).add(table);
  }
}
