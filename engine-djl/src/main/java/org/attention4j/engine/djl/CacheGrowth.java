package org.attention4j.engine.djl;

import java.util.HashSet;
import java.util.Set;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.jspecify.annotations.Nullable;

/**
 * Fresh keys and values behind those of a cache, [batch, heads, time, head_dim]. An entry of the
 * cache is the beginning of a larger buffer, into which fresh rows are written; only when it is
 * full is it copied, into one with room for half as much again. So a step costs the same however
 * long the past is, apart from reading it.
 *
 * <p>Every entry that a graph gives out was made here, in a buffer of its own; one that was made
 * otherwise since, such as by choosing rows, has no room and is copied first.
 */
final class CacheGrowth {
  static final String PRESENT = "present.";
  static final String PAST = "past_key_values.";
  private static final int AXIS = 2;

  /** The methods that {@link #find} and {@link #first} call. */
  static final String METHODS =
      """
      def with_room(self, past: Tensor, end: int) -> Tensor:
        room = end + max(end // 2, 64)
        buffer = torch.new_empty(past, [torch.size(past, 0), torch.size(past, 1), room, torch.size(past, 3)])
        rows = torch.narrow(buffer, 2, 0, torch.size(past, 2))
        written = torch.copy_(rows, past)
        return torch.narrow(buffer, 2, 0, end)
      def grow(self, past: Tensor, fresh: Tensor) -> Tensor:
        width = torch.size(past, 3)
        length = torch.size(past, 2)
        end = length + torch.size(fresh, 2)
        head = torch.stride(past, 1)
        if head >= end * width and torch.stride(past, 2) == width and torch.stride(past, 3) == 1:
          sizes = [torch.size(past, 0), torch.size(past, 1), end, width]
          whole = torch.as_strided(past, sizes, [torch.stride(past, 0), head, width, 1])
        else:
          whole = self.with_room(past, end)
        rows = torch.narrow(whole, 2, length, torch.size(fresh, 2))
        written = torch.copy_(rows, fresh)
        return whole
      """;

  private final Set<Graph.Node> grown = new HashSet<>();
  private final Set<Integer> first = new HashSet<>();

  CacheGrowth(Graph graph) {
    Set<Integer> presents = new HashSet<>();
    graph
        .outputs()
        .forEach(
            (name, value) -> {
              if (name.startsWith(PRESENT) && graph.type(value).rank() == 4) {
                presents.add(value);
              }
            });
    for (Graph.Node node : graph.nodes()) {
      if (node.op().equals(new Primitive.Concat(AXIS))
          && node.operands().size() == 2
          && presents.contains(node.results().get(0))
          && isPast(graph, node.operands().get(0))) {
        grown.add(node);
      }
    }
    for (int value : presents) {
      if (graph.type(value).dim(AXIS).equals(Dim.symbol("time"))) {
        first.add(value);
      }
    }
  }

  private static boolean isPast(Graph graph, int value) {
    return graph.inputs().entrySet().stream()
        .anyMatch(input -> input.getValue().equals(value) && input.getKey().startsWith(PAST));
  }

  /** Whether the methods are needed. */
  boolean isNeeded() {
    return !grown.isEmpty() || !first.isEmpty();
  }

  /** The term of a node that grows an entry of the cache; null for every other node. */
  @Nullable Term find(Graph.Node node, ScriptCall call) {
    return grown.contains(node)
        ? Term.tensor("self.grow(" + call.tensor(0) + ", " + call.tensor(1) + ")")
        : null;
  }

  /** An output; an entry of the cache that begins is put into a buffer with room. */
  String output(int value, String text) {
    return first.contains(value)
        ? "self.with_room(" + text + ", torch.size(" + text + ", " + AXIS + "))"
        : text;
  }
}
