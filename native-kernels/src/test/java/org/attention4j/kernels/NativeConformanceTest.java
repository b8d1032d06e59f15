package org.attention4j.kernels;

import org.attention4j.conformance.EngineConformance;
import org.attention4j.spi.Engine;
import org.junit.jupiter.api.DisplayName;

@RequiresKernels
@DisplayName("The conformance kit on the engine native")
final class NativeConformanceTest extends EngineConformance {
  @Override
  protected Engine engine() {
    return new NativeEngine();
  }
}
