package org.attention4j.engine.onnx.train;

import java.util.function.Supplier;
import org.attention4j.engine.onnx.session.OrtModel;
import org.jspecify.annotations.Nullable;

/** A model opened when it is first needed. One thread at a time. */
final class LazyModel implements AutoCloseable {
  private final Supplier<OrtModel> opener;
  private @Nullable OrtModel model;

  LazyModel(Supplier<OrtModel> opener) {
    this.opener = opener;
  }

  OrtModel get() {
    OrtModel opened = model;
    if (opened == null) {
      opened = opener.get();
      model = opened;
    }
    return opened;
  }

  @Override
  public void close() {
    if (model != null) {
      model.close();
    }
  }
}
