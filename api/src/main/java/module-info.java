/** Tensors, ops, blocks, graphs, the engine SPI and the reference engine. */
module org.attention4j.api {
  requires static transitive org.jspecify;

  exports org.attention4j.error;
  exports org.attention4j.graph;
  exports org.attention4j.nn;
  exports org.attention4j.op;
  exports org.attention4j.spi;
  exports org.attention4j.train;
  exports org.attention4j.tensor;
  exports org.attention4j.weights;
}
