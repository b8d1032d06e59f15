package org.attention4j.onnxformat;

import com.google.protobuf.ByteString;
import java.util.List;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.AttributeProto.AttributeType;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.TensorProto;

/** Node attributes by value. */
public final class Attributes {
  private Attributes() {}

  /** An integer attribute. */
  public static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeType.INT).setI(value).build();
  }

  /** A list of integers. */
  public static AttributeProto integers(String name, List<? extends Number> values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
    values.forEach(value -> attribute.addInts(value.longValue()));
    return attribute.build();
  }

  /** A float attribute. */
  public static AttributeProto real(String name, double value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.FLOAT)
        .setF((float) value)
        .build();
  }

  /** A text attribute. */
  public static AttributeProto text(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  /** A tensor. */
  public static AttributeProto tensor(String name, TensorProto value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.TENSOR)
        .setT(value)
        .build();
  }

  /** A graph: a branch or a body. */
  public static AttributeProto graph(String name, GraphProto value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.GRAPH)
        .setG(value)
        .build();
  }
}
