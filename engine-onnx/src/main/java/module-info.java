/** The ONNX exporter and the engine on ONNX Runtime. */
module org.attention4j.engine.onnx {
  requires transitive org.attention4j.api;
  requires org.attention4j.onnxformat;
  requires com.microsoft.onnxruntime;
  requires static org.jspecify;

  provides org.attention4j.spi.Engine with
      org.attention4j.engine.onnx.OnnxEngine;
  provides org.attention4j.spi.Exporter with
      org.attention4j.engine.onnx.export.OnnxExporter;
}
