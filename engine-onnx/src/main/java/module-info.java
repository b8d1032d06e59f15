/** The ONNX exporter and the engine on ONNX Runtime. */
module org.attention4j.engine.onnx {
  requires org.attention4j.api;
  requires org.attention4j.onnxformat;
  requires com.microsoft.onnxruntime;
  requires static org.jspecify;
}
