package org.attention4j.engine.djl;

import static org.attention4j.engine.djl.TinyGpt.get;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.train.Optimizer;
import org.attention4j.train.ParameterGroup;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A GPT with dropout, clipping and a schedule takes the reference engine's path, step by step. */
class LossCurveTest {
  private static final TinyGpt GPT = new TinyGpt(11, 16, 16, 2, 2, 0.1);

  @TestFactory
  Stream<DynamicTest> tenStepsFollowTheReferenceTrainer() {
    Schedule schedule = Schedule.cosine(1e-2, 1e-3, 10).afterWarmUp(3);
    AdamW adam = AdamW.of(schedule).decaying(ParameterGroup.matricesDecay(0.1));
    AdamW plain = new AdamW(schedule, 0.9, 0.99, 1e-8, false, adam.groups());
    Sgd momentum = new Sgd(schedule, 0.9, true, ParameterGroup.matricesDecay(0.01));
    List<Optimizer> optimizers = List.of(adam, plain, momentum);
    return optimizers.stream()
        .map(optimizer -> DynamicTest.dynamicTest(optimizer.toString(), () -> compare(optimizer)));
  }

  private static void compare(Optimizer optimizer) {
    Program program = Program.of(GPT.loss());
    Weights weights = Parameters.init(program, 1);
    TrainerOptions options = TrainerOptions.of(optimizer).clip(0.5).withSeed(4).withThreads(1);
    try (Trainer oracle =
            new ReferenceEngine().train(program, weights, options.withPrecision(DType.F64));
        Trainer trainer = new DjlEngine().train(program, weights, options)) {
      for (int i = 0; i < 10; i++) {
        // every third step from two equal micro-batches, whose dropout masks must differ
        Map<String, HostTensor> batch = GPT.batch(i, 2, 8);
        List<Map<String, HostTensor>> parts = i % 3 == 2 ? List.of(batch, batch) : List.of(batch);
        StepResult wanted = oracle.step(parts);
        StepResult got = trainer.step(parts);
        assertEquals(wanted.loss(), got.loss(), 1e-5, "loss of step " + i);
        assertEquals(wanted.gradientNorm(), got.gradientNorm(), 1e-4, "norm of step " + i);
        assertEquals(wanted.learningRate(), got.learningRate());
        assertEquals(wanted.step(), got.step());
      }
    }
  }

  @Test
  void aSessionGivesTheReferencesLogits() {
    Program program = Program.of(GPT);
    Weights weights = Parameters.init(program, 1);
    Map<String, HostTensor> prompt = GPT.prompt(1, 2, 8);
    SessionOptions oracle = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session reference = new ReferenceEngine().open(program, weights, oracle);
        Session session =
            new DjlEngine().open(program, weights, SessionOptions.defaults().withThreads(1))) {
      HostTensor wanted = get(reference.run(prompt), "logits");
      HostTensor got = get(session.run(prompt), "logits");
      for (long i = 0; i < wanted.size(); i++) {
        assertEquals(wanted.getDouble(i), got.getDouble(i), 1e-6);
      }
    }
  }
}
