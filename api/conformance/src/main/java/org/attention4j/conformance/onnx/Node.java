package org.attention4j.conformance.onnx;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.nn.Model;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One ONNX node with the tensors that it reads. */
record Node(NodeProto proto, Model.Inputs in) {

  /** An input that must be there, in f32 if it is a smaller float. */
  Tensor input(int index) {
    Tensor tensor = find(index);
    if (tensor == null) {
      throw new IllegalStateException(proto.getOpType() + " has no input " + index);
    }
    return tensor;
  }

  /** An input by position, or null if it is left out. */
  @Nullable Tensor find(int index) {
    if (index >= proto.getInputCount() || proto.getInput(index).isEmpty()) {
      return null;
    }
    Tensor tensor = in.get(proto.getInput(index));
    boolean half = tensor.dtype() == DType.F16 || tensor.dtype() == DType.BF16;
    return half ? tensor.cast(DType.F32) : tensor;
  }

  /** The results under the node's output names, in the element type of the first input. */
  Map<String, Tensor> outputs(List<Tensor> results) {
    DType dtype = in.get(proto.getInput(0)).dtype();
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    for (int i = 0; i < proto.getOutputCount(); i++) {
      if (!proto.getOutput(i).isEmpty()) {
        outputs.put(proto.getOutput(i), results.get(i).cast(dtype));
      }
    }
    return outputs;
  }

  private @Nullable AttributeProto attribute(String name) {
    for (AttributeProto attribute : proto.getAttributeList()) {
      if (attribute.getName().equals(name)) {
        return attribute;
      }
    }
    return null;
  }

  int integer(String name, int otherwise) {
    AttributeProto attribute = attribute(name);
    return attribute == null ? otherwise : Math.toIntExact(attribute.getI());
  }

  double real(String name, double otherwise) {
    AttributeProto attribute = attribute(name);
    return attribute == null ? otherwise : attribute.getF();
  }

  String text(String name, String otherwise) {
    AttributeProto attribute = attribute(name);
    return attribute == null ? otherwise : attribute.getS().toStringUtf8();
  }
}
