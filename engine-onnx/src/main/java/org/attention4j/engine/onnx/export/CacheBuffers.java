package org.attention4j.engine.onnx.export;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.onnxformat.proto.ValueInfoProto;

/** How the memory of a model's cache may be given. */
final class CacheBuffers {
  private static final String PAST = "past_key_values.";
  private static final String PRESENT = "present.";
  private static final String OPERATOR = "GroupQueryAttention";
  private static final List<Integer> READ = List.of(3, 4); // its operands for past key and value

  private CacheBuffers() {}

  /**
   * Whether each entry of the cache may be returned in the buffer that it was taken in, one of more
   * slots than are in use: GroupQueryAttention reads it and nothing else does, not even its size,
   * and returns it as the entry.
   */
  static boolean mayBeShared(GraphProto graph) {
    Set<String> past = new HashSet<>();
    for (ValueInfoProto input : graph.getInputList()) {
      if (input.getName().startsWith(PAST)) {
        past.add(input.getName());
      }
    }
    return !past.isEmpty()
        && graph.getNodeList().stream().allMatch(node -> readsInPlace(node, past))
        && graph.getOutputList().stream().noneMatch(output -> past.contains(output.getName()));
  }

  private static boolean readsInPlace(NodeProto node, Set<String> past) {
    for (int i = 0; i < node.getInputCount(); i++) {
      String name = node.getInput(i);
      if (past.contains(name)
          && !(node.getOpType().equals(OPERATOR)
              && READ.contains(i)
              && node.getOutput(i - 2).equals(PRESENT + name.substring(PAST.length())))) {
        return false;
      }
    }
    return true;
  }
}
