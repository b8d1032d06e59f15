package org.attention4j.engine.djl;

import org.attention4j.conformance.EngineConformance;
import org.attention4j.spi.Engine;

/** The conformance kit on engine djl. */
final class DjlConformanceTest extends EngineConformance {
  @Override
  protected Engine engine() {
    return new DjlEngine();
  }
}
