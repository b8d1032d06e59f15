package org.attention4j.engine.onnx.export;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.engine.onnx.lower.StandardAttentionFold;
import org.attention4j.graph.Graph;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.ExportOptions;

/** Says for each file how its attention was written, where some may not be as it was asked for. */
final class AttentionRemarks {
  private final ExportOptions options;
  private final List<String> lines = new ArrayList<>();
  private boolean cacheInPlace;

  AttentionRemarks(ExportOptions options) {
    this.options = options;
  }

  /** Remarks on a graph that went to a file. */
  void add(String file, Graph graph) {
    if (options.attention() == AttentionForm.OPSET23) {
      lines.add(
          OnnxExporter.named(file, options)
              + ": "
              + StandardAttentionFold.count(graph, options.precision()));
    }
  }

  /** Remarks on the cache of the only file, of whole sequences and of steps. */
  void addCache(GraphProto step) {
    cacheInPlace = CacheBuffers.mayBeShared(step);
  }

  boolean cacheInPlace() {
    return cacheInPlace;
  }

  List<String> lines() {
    return List.copyOf(lines);
  }
}
