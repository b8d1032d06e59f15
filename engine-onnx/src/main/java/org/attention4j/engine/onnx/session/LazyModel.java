package org.attention4j.engine.onnx.session;

import java.util.function.Supplier;
import org.attention4j.error.UsageException;
import org.jspecify.annotations.Nullable;

/** A model opened when it is first needed. Thread-safe. */
public final class LazyModel implements AutoCloseable {
  private @Nullable Supplier<OrtModel> opener; // null once it has been asked for the last time
  private volatile @Nullable OrtModel model;

  /** A model that has not been opened. */
  public LazyModel(Supplier<OrtModel> opener) {
    this.opener = opener;
  }

  /**
   * The model.
   *
   * @throws org.attention4j.error.EngineException if ONNX Runtime refuses it
   * @throws UsageException if it has been closed
   */
  public OrtModel get() {
    OrtModel opened = model;
    return opened == null ? open() : opened;
  }

  private synchronized OrtModel open() {
    OrtModel opened = model; // another thread may have been faster
    if (opened != null) {
      return opened;
    }
    if (opener == null) {
      throw new UsageException("this session is closed");
    }
    opened = opener.get();
    model = opened;
    opener = null;
    return opened;
  }

  @Override
  public synchronized void close() {
    opener = null;
    OrtModel opened = model;
    if (opened != null) {
      opened.close();
    }
  }
}
