package org.attention4j.conformance;

import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Engine;

/** The reference engine in its own precisions, against itself in float64 and recorded values. */
final class ReferenceConformanceTest extends EngineConformance {
  @Override
  protected Engine engine() {
    return new ReferenceEngine();
  }
}
