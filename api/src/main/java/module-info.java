/** Tensors, ops, blocks, graphs, the engine SPI and the reference engine. */
@SuppressWarnings("module") // modules that are compiled later are named here
module org.attention4j.api {
  requires static transitive org.jspecify;

  exports org.attention4j.error;
  exports org.attention4j.generate;
  exports org.attention4j.generate.grammar;
  exports org.attention4j.graph;
  exports org.attention4j.json to
      org.attention4j.conformance,
      org.attention4j.engine.onnx;
  exports org.attention4j.nn;
  exports org.attention4j.nn.longcontext;
  exports org.attention4j.op;
  exports org.attention4j.reference;
  exports org.attention4j.spi;
  exports org.attention4j.train;
  exports org.attention4j.tensor;
  exports org.attention4j.weights;

  uses org.attention4j.spi.Engine;
  uses org.attention4j.spi.Exporter;
  uses org.attention4j.spi.KernelProvider;

  provides org.attention4j.spi.Engine with
      org.attention4j.reference.ReferenceEngine;
}
