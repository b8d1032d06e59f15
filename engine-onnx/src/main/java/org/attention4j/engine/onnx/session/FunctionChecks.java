package org.attention4j.engine.onnx.session;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.FileFormatException;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.FunctionProto;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.ModelProto;
import org.attention4j.onnxformat.proto.NodeProto;

/**
 * Checks that a file's functions can be written out. ONNX Runtime replaces each call by the
 * function's nodes without looking for an end: one that calls itself overflows the stack of native
 * code, and a few dozen that each call the next one twice fill the memory.
 */
final class FunctionChecks {
  private static final int DEEPEST = 64;
  private static final long MOST_NODES = 10_000_000;

  /** In {@link #sizes} for a function whose nodes are being counted. */
  private static final long OPEN = -1;

  private final Path file;
  private final Map<String, FunctionProto> functions = new HashMap<>();
  private final Map<String, Long> sizes = new HashMap<>();

  private FunctionChecks(ModelProto model, Path file) {
    this.file = file;
    for (FunctionProto function : model.getFunctionsList()) {
      functions.put(name(function.getDomain(), function.getName()), function);
    }
  }

  /**
   * Checks the functions that the graph calls, and those that they call.
   *
   * @throws FileFormatException if one calls itself, or if all calls written out are too many nodes
   */
  static void check(ModelProto model, Path file) {
    if (model.getFunctionsCount() > 0) {
      new FunctionChecks(model, file).nodes(model.getGraph().getNodeList(), 0);
    }
  }

  private static String name(String domain, String name) {
    return domain + "::" + name;
  }

  /** How many nodes these are with all calls written out. */
  private long nodes(List<NodeProto> nodes, int depth) {
    long sum = 0;
    for (NodeProto node : nodes) {
      sum += 1 + call(name(node.getDomain(), node.getOpType()), depth);
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          sum += nodes(attribute.getG().getNodeList(), depth);
        }
        for (GraphProto graph : attribute.getGraphsList()) {
          sum += nodes(graph.getNodeList(), depth);
        }
      }
      if (sum > MOST_NODES) {
        throw new FileFormatException(
            file, "its functions written out are more than " + MOST_NODES + " nodes");
      }
    }
    return sum;
  }

  private long call(String name, int depth) {
    FunctionProto function = functions.get(name);
    if (function == null) {
      return 0;
    }
    Long known = sizes.get(name);
    if (known == null) {
      if (depth == DEEPEST) {
        throw new FileFormatException(
            file, "functions call each other more than " + DEEPEST + " deep");
      }
      sizes.put(name, OPEN);
      known = nodes(function.getNodeList(), depth + 1);
      sizes.put(name, known);
    } else if (known == OPEN) {
      throw new FileFormatException(file, "function " + name + " calls itself");
    }
    return known;
  }
}
