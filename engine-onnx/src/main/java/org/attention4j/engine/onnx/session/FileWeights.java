package org.attention4j.engine.onnx.session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.onnxformat.ExternalData;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.Weight;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.onnxformat.proto.TensorProto;
import org.attention4j.tensor.FileRegion;
import org.attention4j.tensor.FileVersion;
import org.jspecify.annotations.Nullable;

/**
 * A model whose weights ONNX Runtime reads in the file that they were loaded from: it maps each
 * when it needs it, and lets go of it when it has its own arrangement. Weights that are handed over
 * as memory it copies first, all of them, before it copies them again into its arrangement.
 *
 * @param model what is left to hand over as memory
 * @param folder that all files lie in, or in folders of it; null if nothing is read in files
 * @param files which, as they were when the weights were loaded
 */
record FileWeights(OnnxModel model, @Nullable Path folder, Set<FileVersion> files) {

  /** Nothing is read in files. */
  static FileWeights none(OnnxModel model) {
    return new FileWeights(model, null, Set.of());
  }

  /** What lies in files that are still the same. */
  static FileWeights of(OnnxModel model) {
    return of(model, Map.of());
  }

  /**
   * What lies in files that are still the same.
   *
   * @param written where weights lie that have just been written to a file, by name
   */
  static FileWeights of(OnnxModel model, Map<String, FileRegion> written) {
    Map<FileVersion, Boolean> usable = new HashMap<>();
    Map<String, FileRegion> places = new LinkedHashMap<>();
    Map<String, Weight> left = new LinkedHashMap<>();
    Path folder = null;
    for (Map.Entry<String, Weight> weight : model.weights().entrySet()) {
      FileRegion known = weight.getValue().file();
      FileRegion place = known == null ? written.get(weight.getKey()) : known;
      if (place != null && usable.computeIfAbsent(place.file(), FileWeights::usable)) {
        Path both = common(folder, place.file().folder());
        if (both != null) {
          folder = both;
          places.put(weight.getKey(), place);
          continue;
        }
      }
      left.put(weight.getKey(), weight.getValue());
    }
    if (folder == null) {
      return none(model);
    }
    Set<FileVersion> files = new LinkedHashSet<>();
    places.values().forEach(place -> files.add(place.file()));
    return new FileWeights(rewritten(model, folder, places, left), folder, files);
  }

  /** The innermost folder that holds both; null if they lie on two drives. */
  private static @Nullable Path common(@Nullable Path one, Path other) {
    Path both = one == null ? other : one;
    while (both != null && !other.startsWith(both)) {
      both = both.getParent();
    }
    return both;
  }

  /** ONNX Runtime takes names as UTF-8, whatever this system's names are written in. */
  static boolean usable(FileVersion file) {
    return file.path().toString().chars().allMatch(c -> c < 128)
        && Files.isReadable(file.path())
        && file.isCurrent();
  }

  private static OnnxModel rewritten(
      OnnxModel model, Path folder, Map<String, FileRegion> places, Map<String, Weight> left) {
    var proto = model.proto().toBuilder();
    GraphProto.Builder graph = proto.getGraphBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      FileRegion place = places.get(graph.getInitializer(i).getName());
      if (place != null) {
        TensorProto.Builder tensor = graph.getInitializerBuilder(i);
        String name = folder.relativize(place.file().path()).toString();
        new ExternalData(name, place.offset(), place.length()).writeTo(tensor);
      }
    }
    nameTablesTwice(graph, places.keySet());
    largestFirst(graph, places);
    return new OnnxModel(proto.build(), left);
  }

  /**
   * A table that is also multiplied by, as one that is tied: what rows are looked up in gets a name
   * and a mapping of its own, since the other is read from end to end, and then let go of.
   */
  private static void nameTablesTwice(GraphProto.Builder graph, Set<String> inFiles) {
    Set<String> tables = new HashSet<>();
    Set<String> others = new HashSet<>();
    Set<String> taken = new HashSet<>(inFiles);
    for (NodeProto node : graph.getNodeList()) {
      for (int i = 0; i < node.getInputCount(); i++) {
        (looksUp(node, i) ? tables : others).add(node.getInput(i));
      }
      taken.addAll(node.getOutputList());
    }
    tables.retainAll(inFiles);
    tables.retainAll(others);
    taken.addAll(others);
    Map<String, String> names = new HashMap<>();
    for (TensorProto tensor : List.copyOf(graph.getInitializerList())) {
      if (tables.contains(tensor.getName())) {
        String name = tensor.getName() + ".rows";
        while (!taken.add(name)) {
          name += "_";
        }
        names.put(tensor.getName(), name);
        graph.addInitializer(tensor.toBuilder().setName(name));
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      if (node.getInputCount() > 0 && looksUp(node, 0) && names.containsKey(node.getInput(0))) {
        graph.getNodeBuilder(i).setInput(0, names.get(node.getInput(0)));
      }
    }
  }

  /**
   * ONNX Runtime rearranges weights in the order of the nodes, each while it is mapped. The largest
   * go first, when little else is there yet: a tied table after all others would stand beside the
   * whole model twice. It computes in an order of its own.
   */
  private static void largestFirst(GraphProto.Builder graph, Map<String, FileRegion> places) {
    List<NodeProto> nodes = new ArrayList<>(graph.getNodeList());
    nodes.sort(Comparator.comparingLong((NodeProto node) -> -multipliedBy(node, places)));
    graph.clearNode().addAllNode(nodes);
  }

  /** Bytes of the largest weight of a node that it does not read by rows. */
  private static long multipliedBy(NodeProto node, Map<String, FileRegion> places) {
    long bytes = 0;
    for (int i = 0; i < node.getInputCount(); i++) {
      FileRegion place = places.get(node.getInput(i));
      bytes = place == null || looksUp(node, i) ? bytes : Math.max(bytes, place.length());
    }
    return bytes;
  }

  private static boolean looksUp(NodeProto node, int input) {
    return input == 0 && node.getDomain().isEmpty() && node.getOpType().equals("Gather");
  }

  /** Whether ONNX Runtime finds all weights in a folder, which is where it looks for them. */
  boolean allIn(Path directory) throws IOException {
    return folder != null && folder.equals(directory.toRealPath()) && model.weights().isEmpty();
  }

  /** Whether what was read is what the weights are. */
  boolean areCurrent() {
    return files.stream().allMatch(FileVersion::isCurrent);
  }
}
