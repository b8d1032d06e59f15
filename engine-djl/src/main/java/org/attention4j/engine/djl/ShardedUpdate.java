package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;

/**
 * The update of a {@link TrainerScript} divided among the workers: each adds up the gradients of a
 * run of the parameters, measures them, and updates them once the norm of all is known. The runs
 * follow the parameters' order, so that the norm has the same bits as in one piece.
 */
final class ShardedUpdate {
  /** Calls a method of the script. */
  interface Method {
    NDList call(NDManager results, String name, List<NDList> arguments);
  }

  private final Shards shards;
  private final List<List<Integer>> groups;
  private final Method methods;

  /** Where each worker's run ends. */
  private final int[] ends;

  /**
   * Divides the parameters.
   *
   * @param groups as {@link TrainerScript#groups()} has them
   * @param sizes of the trained parameters, in order
   */
  ShardedUpdate(Shards shards, List<List<Integer>> groups, long[] sizes, Method methods) {
    this.shards = shards;
    this.groups = groups;
    this.methods = methods;
    this.ends = new int[shards.workers()];
    long all = Arrays.stream(sizes).sum();
    long sum = 0;
    int worker = 0;
    for (int i = 0; i < sizes.length; i++) {
      // a parameter belongs to the run in which its middle lies
      while (sum + sizes[i] / 2 >= all * (worker + 1) / ends.length && worker < ends.length - 1) {
        ends[worker++] = i;
      }
      sum += sizes[i];
    }
    Arrays.fill(ends, worker, ends.length, sizes.length);
  }

  /**
   * Updates {@code parameters} and {@code slots}, and zeroes the gradients.
   *
   * @param scratch owns what is computed
   * @param parameters the trained ones
   * @param gradients of each worker
   * @param slots first those of the one kind, then those of the other
   * @param numbers of the step
   * @return the norm, and whether it is finite
   */
  NDList run(
      NDManager scratch, NDList parameters, List<NDList> gradients, NDList slots, NDList numbers) {
    NDArray[] norms = new NDArray[ends.length];
    shards.each(
        worker -> {
          int from = begin(worker);
          if (from < ends[worker]) {
            NDList sum = gradients.get(0).subNDList(from, ends[worker]);
            for (NDList more : gradients.subList(1, gradients.size())) {
              methods.call(scratch, "merge", List.of(sum, more.subNDList(from, ends[worker])));
            }
            norms[worker] = methods.call(scratch, "norms", List.of(sum)).get(0);
          }
        });
    NDList present = new NDList();
    for (NDArray norm : norms) {
      if (norm != null) {
        present.add(norm);
      }
    }
    NDList verdict = methods.call(scratch, "verdict", List.of(present));
    shards.each(
        worker -> {
          for (int group = 0; group < groups.size(); group++) {
            update(worker, group, scratch, parameters, gradients.get(0), slots, numbers, verdict);
          }
        });
    return verdict.subNDList(0, 2);
  }

  private int begin(int worker) {
    return worker == 0 ? 0 : ends[worker - 1];
  }

  private void update(
      int worker,
      int group,
      NDManager scratch,
      NDList parameters,
      NDList gradients,
      NDList slots,
      NDList numbers,
      NDList verdict) {
    NDList w = new NDList();
    NDList g = new NDList();
    NDList m = new NDList();
    NDList v = new NDList();
    for (int i : groups.get(group)) {
      if (i >= begin(worker) && i < ends[worker]) {
        w.add(parameters.get(i));
        g.add(gradients.get(i));
        m.add(slots.get(i));
        v.add(slots.get(i + parameters.size()));
      }
    }
    if (!w.isEmpty()) {
      methods.call(scratch, "adam_" + group, List.of(w, g, m, v, numbers, verdict));
      methods.call(scratch, "zero", List.of(g));
    }
  }
}
