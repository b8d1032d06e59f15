package org.attention4j.engine.onnx;

import org.attention4j.conformance.EngineConformance;
import org.attention4j.spi.Engine;

/** The conformance kit on this engine. */
final class OnnxConformanceTest extends EngineConformance {
  @Override
  protected Engine engine() {
    return new OnnxEngine();
  }
}
