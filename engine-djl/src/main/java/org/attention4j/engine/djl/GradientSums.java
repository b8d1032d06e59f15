package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;

/**
 * The gradients that a step adds up, a list of them for each worker. They are made when first
 * needed, and zero between steps: the update zeroes them again.
 */
final class GradientSums {
  private final NDManager manager;
  private final List<NDList> sums = new ArrayList<>();

  GradientSums(NDManager manager) {
    this.manager = manager;
  }

  /** The sums of so many workers, like the parameters. */
  List<NDList> of(int workers, NDList parameters) {
    while (sums.size() < workers) {
      NDList zeros = new NDList();
      for (NDArray like : parameters) {
        zeros.add(manager.zeros(like.getShape(), like.getDataType()));
      }
      sums.add(zeros);
    }
    return sums;
  }

  /** All that there are. */
  List<NDList> all() {
    return sums;
  }

  /** Forgets what a failed step has added. */
  void drop() {
    sums.forEach(NDList::close);
    sums.clear();
  }
}
