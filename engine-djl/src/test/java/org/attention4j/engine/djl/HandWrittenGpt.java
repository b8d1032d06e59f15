package org.attention4j.engine.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.GradientCollector;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * {@link TinyGpt} and its AdamW as one would write them with DJL alone: NDArray operations, DJL's
 * gradient collector, and the update as NDArray operations in place. The peer of the overhead
 * benchmark.
 */
final class HandWrittenGpt implements AutoCloseable {
  private final TinyGpt gpt;
  private final double rate;
  private final NDManager manager = NDManager.newBaseManager("PyTorch");
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();
  private final Map<String, NDArray> averages = new LinkedHashMap<>();
  private final Map<String, NDArray> squares = new LinkedHashMap<>();
  private int steps;

  HandWrittenGpt(TinyGpt gpt, Weights weights, double rate) {
    this.gpt = gpt;
    this.rate = rate;
    weights
        .tensors()
        .forEach(
            (path, value) -> {
              NDArray parameter = HostArrays.copy(manager, value);
              parameter.setRequiresGradient(true);
              parameters.put(path, parameter);
              averages.put(path, manager.zeros(parameter.getShape()));
              squares.put(path, manager.zeros(parameter.getShape()));
            });
  }

  private NDArray parameter(String path) {
    return Objects.requireNonNull(parameters.get(path), path);
  }

  /** One step of AdamW, clipped to norm 1; the loss before it. */
  float step(Map<String, HostTensor> batch) {
    try (NDManager scratch = manager.newSubManager()) {
      scratch.tempAttachAll(new NDList(parameters.values().stream().toList()));
      NDArray ids = HostArrays.borrow(scratch, TinyGpt.get(batch, "input_ids"));
      NDArray targets = HostArrays.borrow(scratch, TinyGpt.get(batch, "targets"));
      float loss;
      try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
        NDArray value = loss(ids, targets);
        collector.backward(value);
        loss = value.getFloat();
      }
      update(scratch);
      return loss;
    }
  }

  private NDArray linear(String name, NDArray x) {
    return Linear.linear(x, parameter(name + ".weight"), parameter(name + ".bias"))
        .singletonOrThrow();
  }

  private NDArray norm(String name, NDArray x) {
    return LayerNorm.layerNorm(
            x,
            new Shape(gpt.width()),
            parameter(name + ".weight"),
            parameter(name + ".bias"),
            1e-5f)
        .singletonOrThrow();
  }

  private NDArray loss(NDArray ids, NDArray targets) {
    NDManager scratch = ids.getManager();
    long time = ids.getShape().get(1);
    NDArray table = parameter("wte.weight");
    NDArray places = parameter("wpe.weight").get(new ai.djl.ndarray.index.NDIndex(":" + time));
    NDArray x = embed(ids, table).add(places);
    NDArray hidden = // [time, time]: -infinity above the diagonal
        NDArrays.where(
            scratch
                .arange((int) time)
                .reshape(1, time)
                .gt(scratch.arange((int) time).reshape(time, 1)),
            scratch.full(new Shape(time, time), Float.NEGATIVE_INFINITY),
            scratch.zeros(new Shape(time, time)));
    for (int i = 0; i < gpt.layers(); i++) {
      String layer = "h." + i + ".";
      x = x.add(attention(layer, norm(layer + "ln_1", x), hidden));
      NDArray inner = Activation.gelu(linear(layer + "up", norm(layer + "ln_2", x)));
      x = x.add(linear(layer + "down", inner));
    }
    NDArray logits = norm("ln_f", x).matMul(table.transpose()); // [batch, time, vocabulary]
    NDArray rows = logits.reshape(-1, gpt.vocabulary()).logSoftmax(1);
    return rows.gather(targets.reshape(-1, 1), 1).mean().neg();
  }

  private static NDArray embed(NDArray ids, NDArray table) {
    return ai.djl.nn.core.Embedding.embedding(ids, table, ai.djl.ndarray.types.SparseFormat.DENSE)
        .singletonOrThrow();
  }

  private NDArray attention(String layer, NDArray x, NDArray hidden) {
    long batch = x.getShape().get(0);
    long time = x.getShape().get(1);
    long headDim = gpt.width() / gpt.heads();
    NDList parts = linear(layer + "attn.qkv", x).split(3, 2);
    NDArray[] heads = new NDArray[3];
    for (int i = 0; i < 3; i++) { // [batch, heads, time, head_dim]
      heads[i] = parts.get(i).reshape(batch, time, gpt.heads(), headDim).transpose(0, 2, 1, 3);
    }
    NDArray scores =
        heads[0].matMul(heads[1].transpose(0, 1, 3, 2)).mul(1 / Math.sqrt((double) headDim));
    NDArray y = scores.add(hidden).softmax(-1).matMul(heads[2]);
    return linear(layer + "attn.out", y.transpose(0, 2, 1, 3).reshape(batch, time, gpt.width()));
  }

  private void update(NDManager scratch) {
    steps++;
    NDArray sum = scratch.zeros(new Shape());
    for (NDArray parameter : parameters.values()) {
      NDArray gradient = parameter.getGradient();
      sum.addi(gradient.square().sum());
    }
    double norm = Math.sqrt(sum.toType(DataType.FLOAT64, false).getDouble());
    double factor = Math.min(1, 1 / (norm + 1e-6));
    double bias1 = 1 - Math.pow(0.9, steps);
    double bias2 = 1 - Math.pow(0.99, steps);
    parameters.forEach(
        (path, parameter) -> {
          NDArray gradient = parameter.getGradient().mul(factor);
          NDArray average = Objects.requireNonNull(averages.get(path));
          NDArray square = Objects.requireNonNull(squares.get(path));
          average.muli(0.9).addi(gradient.mul(0.1));
          square.muli(0.99).addi(gradient.square().mul(0.01));
          NDArray change = average.div(square.sqrt().mul(1 / Math.sqrt(bias2)).add(1e-8));
          if (parameter.getShape().dimension() >= 2) {
            parameter.muli(1 - rate * 0.1);
          }
          parameter.subi(change.mul(rate / bias1));
          parameter.getGradient().muli(0);
        });
  }

  @Override
  public void close() {
    manager.close();
  }
}
