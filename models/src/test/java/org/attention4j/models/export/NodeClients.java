package org.attention4j.models.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.attention4j.conformance.onnx.NodeJs;

/** Programs that load exports without us: transformers.js and onnxruntime-node. */
final class NodeClients {
  private NodeClients() {}

  /** Runs the cases in one process; a result for each. */
  static JsonNode run(ArrayNode cases, Path folder) throws IOException {
    NodeJs node = NodeJs.install("clients.mjs");
    Path file = folder.resolve("cases.json");
    Files.writeString(file, cases.toString());
    String output = node.run(file);
    return new ObjectMapper().readTree(output.substring(output.lastIndexOf('\n') + 1));
  }
}
