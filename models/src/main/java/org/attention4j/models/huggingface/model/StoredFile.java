package org.attention4j.models.huggingface.model;

import java.util.HashMap;
import java.util.Map;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/** What a file holds, by the paths that its names may mean. */
public record StoredFile(Map<String, HostTensor> tensors) {

  /** The tensors of a file, each under all paths that its name may mean. */
  public static StoredFile of(Weights file, NameRules rules) {
    Map<String, HostTensor> tensors = new HashMap<>(file.tensors());
    file.tensors()
        .forEach(
            (name, tensor) ->
                rules.candidates(name).forEach(path -> tensors.putIfAbsent(path, tensor)));
    return new StoredFile(tensors);
  }

  boolean has(String path) {
    return tensors.containsKey(path);
  }

  boolean hasBelow(String start) {
    return tensors.keySet().stream().anyMatch(path -> path.startsWith(start));
  }

  /** Whether there are two tensors that are not the same. */
  boolean differ(String path, String other) {
    HostTensor one = tensors.get(path);
    HostTensor two = tensors.get(other);
    return one != null && two != null && !one.equalsExactly(two);
  }
}
