/** The ONNX file format. */
module org.attention4j.onnxformat {
  requires transitive org.attention4j.api;
  requires transitive com.google.protobuf;
  requires static transitive org.jspecify;
}
