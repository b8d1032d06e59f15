package org.attention4j.models.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.attention4j.error.EngineException;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.Model;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.train.ParameterGroup;
import org.jspecify.annotations.Nullable;

/** Gradients, four losses and three AdamW steps. */
final class GoldenTraining {
  private static final int STEPS = 3;
  private static final AdamW OPTIMIZER =
      AdamW.lr(1e-3).betas(0.9, 0.95).decaying(List.of(ParameterGroup.all(0.1)));

  private final GoldenCase recorded;
  private final Checkpoint checkpoint;
  private final Engine engine;
  private final List<GoldenRow> rows = new ArrayList<>();

  GoldenTraining(GoldenCase recorded, Checkpoint checkpoint, Engine engine) {
    this.recorded = recorded;
    this.checkpoint = checkpoint;
    this.engine = engine;
  }

  List<GoldenRow> rows() {
    Map<String, HostTensor> batch = batch();
    Program program = program(model(), batch);
    try (Trainer trainer = trainer(program)) {
      Map<String, HostTensor> gradients =
          complete(trainer.gradients(batch), w -> HostTensor.zeros(w.dtype(), w.shape()));
      parameters("grad.", "grads", gradients, List.of());
      for (int step = 0; step < STEPS; step++) {
        loss(step, trainer.step(batch).loss());
      }
      HostTensor last = Objects.requireNonNull(trainer.evaluate(batch).get("loss"), "no loss");
      loss(STEPS, last.getDouble(0));
      Map<String, HostTensor> after = complete(trainer.weights().tensors(), w -> w);
      parameters("after3.", "after3", after, recorded.unstable());
    } catch (NoTrainer e) {
      skip("training", String.valueOf(e.getMessage()));
    }
    return rows;
  }

  /** With the loss of the recorded labels. */
  private Model model() {
    HostTensor labels = recorded.inputs("train.").get("labels");
    return checkpoint.model().withLoss(labels == null ? DType.I64 : labels.dtype());
  }

  /** With weights that the loss does not read: PyTorch leaves them as they are. */
  private Map<String, HostTensor> complete(
      Map<String, HostTensor> values, UnaryOperator<HostTensor> unread) {
    Map<String, HostTensor> all = new LinkedHashMap<>(values);
    checkpoint.weights().tensors().forEach((path, w) -> all.putIfAbsent(path, unread.apply(w)));
    return all;
  }

  /** The engine cannot train. */
  private static final class NoTrainer extends Exception {
    private static final long serialVersionUID = 1L;

    NoTrainer(EngineException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private Trainer trainer(Program program) throws NoTrainer {
    try {
      return engine.train(program, checkpoint.weights(), TrainerOptions.of(OPTIMIZER));
    } catch (EngineException e) {
      throw new NoTrainer(e);
    }
  }

  /** Causal models are trained without a mask; translators make the decoder's input themselves. */
  private Map<String, HostTensor> batch() {
    Map<String, HostTensor> batch = new LinkedHashMap<>();
    boolean causal = checkpoint.model().task() == Task.CAUSAL_LM;
    recorded
        .inputs("")
        .forEach(
            (name, value) -> {
              if (causal ? name.equals("input_ids") : !name.equals("decoder_input_ids")) {
                batch.put(name, value);
              }
            });
    recorded.inputs("train.").forEach((name, value) -> batch.put(name, shaped(name, value)));
    return batch;
  }

  /**
   * One number a sequence may stand in a row of its own, [batch, 1] to [batch], and may be whole.
   */
  private HostTensor shaped(String name, HostTensor value) {
    TensorType type = model().inputs().get(name);
    boolean row = type != null && type.rank() == 1 && value.rank() == 2 && value.dim(1) == 1;
    HostTensor shaped = row ? value.reshape(value.dim(0)) : value;
    boolean whole = type != null && type.dtype().isFloating() && !value.dtype().isFloating();
    return whole ? shaped.cast(DType.F32) : shaped;
  }

  private Program program(Model model, Map<String, HostTensor> batch) {
    Map<String, TensorType> types = new LinkedHashMap<>(checkpoint.model().allInputs());
    types.putAll(model.inputs());
    types.keySet().retainAll(batch.keySet());
    return new Program(model, types);
  }

  private void parameters(
      String prefix, String section, Map<String, HostTensor> values, List<String> unstable) {
    for (Map.Entry<String, HostTensor> entry : recorded.gradients().tensors().entrySet()) {
      if (!entry.getKey().startsWith(prefix)) {
        continue;
      }
      String name = entry.getKey().substring(prefix.length());
      HostTensor got = find(name, values);
      if (unstable.contains(name)) {
        skip(entry.getKey(), "its exact gradient is 0, so that Adam's steps are rounding noise");
      } else if (got == null) {
        rows.add(
            GoldenRow.failed(
                recorded.name(), engine.name(), entry.getKey(), "there is no such parameter"));
      } else {
        double allowed = recorded.allowed(section, name, entry.getValue());
        rows.add(
            Comparison.row(
                recorded.name(),
                engine.name(),
                entry.getKey(),
                entry.getValue(),
                got,
                allowed,
                i -> true));
      }
    }
  }

  private @Nullable HostTensor find(String name, Map<String, HostTensor> values) {
    String path = checkpoint.paths().get(name);
    if (path != null) {
      return values.get(path);
    }
    return checkpoint.model().nameRules().candidates(name).stream()
        .map(values::get)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private void loss(int step, double loss) {
    HostTensor expected = HostTensor.scalar(recorded.losses().getDouble(step));
    rows.add(
        Comparison.row(
            recorded.name(),
            engine.name(),
            "loss." + step,
            expected,
            HostTensor.scalar(loss),
            recorded.allowedLoss(step),
            i -> true));
  }

  private void skip(String check, String reason) {
    rows.add(GoldenRow.skipped(recorded.name(), engine.name(), check, reason));
  }
}
