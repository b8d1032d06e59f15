package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.nn.Model;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Losses of preferences and of a teacher, and their gradients, are those that the formulas give in
 * PyTorch, recorded by fixtures/preferences.py.
 */
class GuidedLossesTest {
  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final double CLOSE = 2e-5;

  private final Checkpoint model = HuggingFace.open(RESOURCES.resolve("golden/gpt2"));

  private static Weights recorded(String name) {
    return Weights.load(RESOURCES.resolve("finetune").resolve(name + ".safetensors"));
  }

  private Trainer trainer(String engine, Model loss) {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    TrainerOptions options = TrainerOptions.of(Sgd.of(Schedule.constant(0.1))).withThreads(1);
    return Engines.get(engine).train(Program.of(loss), model.weights(), options);
  }

  private static Map<String, HostTensor> batch(Weights run) {
    Map<String, HostTensor> batch = new LinkedHashMap<>();
    run.tensors()
        .forEach(
            (name, tensor) -> {
              if (name.startsWith("in.")) {
                batch.put(name.substring(3), tensor);
              }
            });
    return batch;
  }

  private static void assertClose(HostTensor expected, HostTensor got, String what) {
    assertEquals(expected.size(), got.size(), what);
    for (long i = 0; i < expected.size(); i++) {
      assertEquals(expected.getDouble(i), got.getDouble(i), CLOSE, what + "[" + i + "]");
    }
  }

  private static double value(Map<String, HostTensor> outputs, String name) {
    return Objects.requireNonNull(outputs.get(name), name).getDouble(0);
  }

  private void assertGradients(
      Weights run, Trainer trainer, Map<String, HostTensor> batch, String kind) {
    Map<String, HostTensor> got = trainer.gradients(batch);
    int compared = 0;
    for (String name : run.names()) {
      if (name.startsWith(kind)) {
        String path =
            Objects.requireNonNull(model.paths().get(name.substring(kind.length())), name);
        assertClose(run.get(name), Objects.requireNonNull(got.get(path), path), path);
        compared++;
      }
    }
    assertEquals(4, compared);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl", "onnx"})
  void preferencesAreLearnedByTheFormulaOfThePaper(String engine) {
    Weights run = recorded("preference");
    CompletionScore score = new CompletionScore(model.model());
    try (Trainer trainer = trainer(engine, new PreferenceLoss(score, 0.3, 0))) {
      Map<String, HostTensor> outputs = trainer.evaluate(batch(run));
      assertEquals(run.get("losses").getDouble(0), value(outputs, "loss"), CLOSE);
      assertClose(
          run.get("log_probabilities"),
          Objects.requireNonNull(outputs.get(CompletionScore.LOG_PROBABILITIES)),
          "log-probabilities");
      assertGradients(run, trainer, batch(run), "grad.");
      Map<String, HostTensor> even = batch(run);
      even.put(
          PreferenceLoss.REFERENCE,
          Objects.requireNonNull(outputs.get(CompletionScore.LOG_PROBABILITIES)));
      assertGradients(run, trainer, even, "even."); // where every training begins
    }
    try (Trainer trainer = trainer(engine, new PreferenceLoss(score, 0.3, 0.1))) {
      assertEquals(
          run.get("losses").getDouble(1), value(trainer.evaluate(batch(run)), "loss"), CLOSE);
    }
  }

  /** Far from the reference neither exp nor log overflows. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl"})
  void rewardsThatAreFarApartGiveFiniteLosses(String engine) {
    Map<String, HostTensor> batch = batch(recorded("preference"));
    PreferenceLoss loss = new PreferenceLoss(new CompletionScore(model.model()), 1, 0);
    try (Trainer trainer = trainer(engine, loss)) {
      float far = 1e4f;
      batch.put("reference", HostTensor.of(new float[] {far, 0, far, 0, far, 0}, 3, 2));
      double wrong = value(trainer.evaluate(batch), "loss");
      assertEquals(far, wrong, 100); // the loss is the distance itself
      batch.put("reference", HostTensor.of(new float[] {0, far, 0, far, 0, far}, 3, 2));
      assertEquals(0, value(trainer.evaluate(batch), "loss"), 1e-6);
      assertTrue(Double.isFinite(trainer.step(batch).gradientNorm()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl", "onnx"})
  void aTeacherIsFollowedByTheFormulaOfThePaper(String engine) {
    Weights run = recorded("distillation");
    DistillationLoss loss = new DistillationLoss(model.model().withLoss(), 29, 2, 0.7);
    try (Trainer trainer = trainer(engine, loss)) {
      Map<String, HostTensor> outputs = trainer.evaluate(batch(run));
      assertEquals(run.get("losses").getDouble(0), value(outputs, "loss"), CLOSE);
      assertEquals(
          run.get("losses").getDouble(1), value(outputs, DistillationLoss.DIVERGENCE), CLOSE);
      assertEquals(
          run.get("losses").getDouble(2), value(outputs, DistillationLoss.TOKEN_LOSS), CLOSE);
      assertGradients(run, trainer, batch(run), "grad.");
    }
  }
}
