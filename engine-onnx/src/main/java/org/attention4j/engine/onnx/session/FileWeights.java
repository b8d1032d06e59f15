package org.attention4j.engine.onnx.session;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.attention4j.onnxformat.ExternalData;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.TensorProto;
import org.attention4j.tensor.FileRegion;
import org.attention4j.tensor.FileVersion;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * A model whose weights ONNX Runtime reads in the file that they were loaded from: it maps each
 * when it needs it, and lets go of it when it has its own arrangement. Weights that are handed over
 * as memory it copies first, all of them, before it copies them again into its arrangement.
 *
 * @param model what is left to hand over as memory
 * @param folder of the files, which all lie in one; null if nothing is read in files
 * @param files which, as they were when the weights were loaded
 */
record FileWeights(OnnxModel model, @Nullable Path folder, Set<FileVersion> files) {

  /** Nothing is read in files. */
  static FileWeights none(OnnxModel model) {
    return new FileWeights(model, null, Set.of());
  }

  /** What lies in files that are still the same, in the folder of the first of them. */
  static FileWeights of(OnnxModel model) {
    Map<FileVersion, Boolean> usable = new HashMap<>();
    Map<String, FileRegion> places = new LinkedHashMap<>();
    Map<String, HostTensor> left = new LinkedHashMap<>();
    Path folder = null;
    for (Map.Entry<String, HostTensor> weight : model.weights().entrySet()) {
      FileRegion place = weight.getValue().file();
      if (place != null && usable.computeIfAbsent(place.file(), FileWeights::usable)) {
        folder = folder == null ? place.file().folder() : folder;
        if (place.file().folder().equals(folder)) {
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
    return new FileWeights(rewritten(model, places, left), folder, files);
  }

  /** ONNX Runtime takes names as UTF-8, whatever this system's names are written in. */
  private static boolean usable(FileVersion file) {
    return file.path().toString().chars().allMatch(c -> c < 128) && file.isCurrent();
  }

  private static OnnxModel rewritten(
      OnnxModel model, Map<String, FileRegion> places, Map<String, HostTensor> left) {
    var proto = model.proto().toBuilder();
    GraphProto.Builder graph = proto.getGraphBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      FileRegion place = places.get(graph.getInitializer(i).getName());
      if (place != null) {
        TensorProto.Builder tensor = graph.getInitializerBuilder(i);
        String name = place.file().name();
        new ExternalData(name, place.offset(), place.length()).writeTo(tensor);
      }
    }
    return new OnnxModel(proto.build(), left);
  }

  /** Whether what was read is what the weights are. */
  boolean areCurrent() {
    return files.stream().allMatch(FileVersion::isCurrent);
  }
}
