package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.conformance.models.TinyGpt;
import org.attention4j.error.EngineException;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.train.NextToken;
import org.attention4j.train.Schedule;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Training steps written as ONNX graphs follow the reference trainer. */
class TrainerTest {
  private final Program program = Program.of(new NextToken(TestModels.Gpt.tiny()));
  private final Weights weights = Parameters.init(program, 11);
  private final TrainerOptions options =
      TrainerOptions.of(AdamW.of(Schedule.cosine(1e-2, 1e-3, 6))).clip(0.5);

  private static Map<String, HostTensor> batch(int seed, long time) {
    Random random = new Random(seed);
    TensorType type = TensorType.i64(3, time);
    return Map.of(
        "input_ids", Compare.random(type, 61, random),
        "targets", Compare.random(type, 61, random));
  }

  @Test
  void stepsFollowTheReferenceTrainer() {
    try (Trainer expected =
            new ReferenceEngine().train(program, weights, options.withPrecision(DType.F64));
        Trainer actual = new OnnxEngine().train(program, weights, options)) {
      for (int i = 0; i < 6; i++) {
        Map<String, HostTensor> batch = batch(i, 5 + i % 2);
        StepResult e = expected.step(batch);
        StepResult a = actual.step(batch);
        assertEquals(e.step(), a.step());
        assertEquals(e.learningRate(), a.learningRate());
        assertEquals(e.loss(), a.loss(), 2e-4 * e.loss(), "loss of step " + a.step());
        assertEquals(e.gradientNorm(), a.gradientNorm(), 2e-3 * e.gradientNorm());
      }
      Compare.equal("weights", expected.weights().tensors(), actual.weights().tensors(), 2e-3);
      assertTrue(actual.step(batch(0, 5)).loss() < 4.2, "the loss falls from ln 61 = 4.11");
    }
  }

  @Test
  void gradientsAndEvaluationAgreeWithTheReference() {
    Map<String, HostTensor> batch = batch(1, 6);
    try (Trainer expected =
            new ReferenceEngine().train(program, weights, options.withPrecision(DType.F64));
        Trainer actual = new OnnxEngine().train(program, weights, options)) {
      Compare.equal("gradients", expected.gradients(batch), actual.gradients(batch), 2e-5);
      Compare.equal("evaluation", expected.evaluate(batch), actual.evaluate(batch), 2e-5);
    }
  }

  @Test
  void microBatchesHaveTheGradientOfTheirMean() {
    List<Map<String, HostTensor>> micro = List.of(batch(1, 6), batch(2, 6));
    try (Trainer expected =
            new ReferenceEngine().train(program, weights, options.withPrecision(DType.F64));
        Trainer actual = new OnnxEngine().train(program, weights, options)) {
      for (int i = 0; i < 2; i++) {
        StepResult e = expected.step(micro);
        StepResult a = actual.step(micro);
        assertEquals(e.loss(), a.loss(), 1e-4 * e.loss());
        assertEquals(e.gradientNorm(), a.gradientNorm(), 1e-3 * e.gradientNorm());
      }
      Compare.equal("weights", expected.weights().tensors(), actual.weights().tensors(), 2e-3);
    }
  }

  @Test
  void dropoutFallsOnTheSameElementsAsInTheReference() {
    Program dropping = Program.of(new NextToken(TinyGpt.standard().dropping(0.3)));
    Weights start = Parameters.init(dropping, 4);
    TrainerOptions seeded = options.withSeed(1234567890123L);
    TensorType type = TensorType.i64(2, 6);
    Map<String, HostTensor> batch =
        Map.of(
            "input_ids", Compare.random(type, 13, new Random(1)),
            "targets", Compare.random(type, 13, new Random(2)));
    try (Trainer expected =
            new ReferenceEngine().train(dropping, start, seeded.withPrecision(DType.F64));
        Trainer actual = new OnnxEngine().train(dropping, start, seeded)) {
      for (int i = 0; i < 3; i++) {
        double loss = expected.step(batch).loss();
        assertEquals(loss, actual.step(batch).loss(), 2e-4 * loss);
      }
      Compare.equal("gradients", expected.gradients(batch), actual.gradients(batch), 1e-3);
    }
  }

  @Test
  void aRestoredTrainerContinuesBitByBit() {
    List<Double> straight = new ArrayList<>();
    TrainerState saved;
    try (Trainer trainer = new OnnxEngine().train(program, weights, options)) {
      trainer.step(batch(0, 5));
      saved = trainer.state();
      for (int i = 1; i < 4; i++) {
        straight.add(trainer.step(batch(i, 5)).loss());
      }
    }
    try (Trainer trainer = new OnnxEngine().train(program, weights, options)) {
      trainer.restore(saved);
      for (int i = 1; i < 4; i++) {
        assertEquals(straight.get(i - 1), trainer.step(batch(i, 5)).loss());
      }
    }
  }

  @Test
  void theStateIsACopy() {
    try (Trainer trainer = new OnnxEngine().train(program, weights, options)) {
      trainer.step(batch(0, 5));
      TrainerState state = trainer.state();
      HostTensor before = state.weights().get("wte.weight").copy();
      trainer.step(batch(1, 5));
      assertTrue(before.equalsExactly(state.weights().get("wte.weight")));
      assertTrue(!before.equalsExactly(trainer.weights().get("wte.weight")));
      assertTrue(Objects.requireNonNull(state.slots().get("exp_avg.wte.weight")).size() > 0);
    }
  }

  @Test
  void otherPrecisionsAreRefused() {
    TrainerOptions half = options.withPrecision(DType.BF16);
    assertThrows(EngineException.class, () -> new OnnxEngine().train(program, weights, half));
  }
}
