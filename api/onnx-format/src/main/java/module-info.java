/** ONNX files: the messages of onnx.proto, generated at build time, and readers and writers. */
module org.attention4j.onnxformat {
  requires transitive org.attention4j.api;
  requires transitive com.google.protobuf;
  requires static transitive org.jspecify;

  exports org.attention4j.onnxformat;
  exports org.attention4j.onnxformat.proto;
}
