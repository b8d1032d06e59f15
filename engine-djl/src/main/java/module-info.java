/** The engine on DJL and PyTorch. */
module org.attention4j.engine.djl {
  requires org.attention4j.api;
  requires ai.djl.api;
  requires ai.djl.pytorch_engine;
  requires static org.jspecify;

  provides org.attention4j.spi.Engine with
      org.attention4j.engine.djl.DjlEngine;
}
