package org.attention4j.engine.onnx.export;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.engine.onnx.session.PartNames;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;

/**
 * The graph of an encoder-decoder in two: one that ends with what the encoder hands over, and one
 * that begins with it.
 *
 * @param whole observes the value
 * @param path of the value
 */
record EncoderCut(Graph whole, String path) {
  private static final String OBSERVED = "observed.";

  /** {@code last_hidden_state} of the encoder's inputs. */
  Graph encoder() {
    return new Graph(
            whole.inputs(),
            whole.parameters(),
            whole.nodes(),
            Map.of(PartNames.ENCODED, handedOver()),
            whole.types())
        .pruned();
  }

  /**
   * The other outputs of {@code encoder_hidden_states} and the decoder's inputs, which lose their
   * prefix; the encoder's mask gets one.
   *
   * @param all whether outputs that are inputs passed on are kept: what cross-attention keeps
   */
  Graph decoder(boolean all) {
    int memory = handedOver();
    Map<String, Integer> outputs = new LinkedHashMap<>(whole.outputs());
    outputs.remove(OBSERVED + path);
    if (!all) {
      outputs.values().removeAll(whole.inputs().values());
    }
    Map<String, Integer> inputs = new LinkedHashMap<>(whole.inputs());
    inputs.put(PartNames.MEMORY, memory);
    List<Graph.Node> nodes = new ArrayList<>(whole.nodes());
    nodes.removeIf(node -> node.results().contains(memory));
    Graph cut = new Graph(inputs, whole.parameters(), nodes, outputs, whole.types()).pruned();
    Map<String, Integer> renamed = new LinkedHashMap<>();
    cut.inputs()
        .forEach(
            (name, value) -> {
              if (renamed.put(PartNames.inDecoder(name), value) != null) {
                throw new UsageException(
                    "the decoder reads input '" + name + "' of the encoder itself; nothing to cut");
              }
            });
    return new Graph(renamed, cut.parameters(), cut.nodes(), cut.outputs(), cut.types());
  }

  private int handedOver() {
    Integer value = whole.outputs().get(OBSERVED + path);
    if (value == null) {
      throw new UsageException("the model has no value at '" + path + "' to be cut at");
    }
    return value;
  }
}
