package org.attention4j.engine.djl;

import static org.attention4j.engine.djl.OpModel.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.attention4j.error.AttentionException;
import org.attention4j.error.EngineException;
import org.attention4j.error.UsageException;
import org.attention4j.op.Attention;
import org.attention4j.op.Mask;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention runs where the property says, or the reason why not is an error. */
class AttentionChoiceTest {
  private static final TinyGpt GPT = new TinyGpt(11, 16, 16, 2, 2, 0);
  private static final Program PROGRAM = Program.of(GPT);
  private static final Program LOSS = Program.of(GPT.loss());
  private static final Weights WEIGHTS = Parameters.init(LOSS, 3);

  @BeforeEach
  void kernelsAreHere() {
    PyTorch.start();
    assumeTrue(KernelOperatorsTest.operators().available(), "no kernels on this platform");
  }

  private static SessionOptions session(String attention) {
    return SessionOptions.defaults().withThreads(1).with("attention", attention);
  }

  private static TrainerOptions trainer(String attention) {
    return TrainerOptions.of(AdamW.lr(1e-2)).clip(1).withThreads(1).with("attention", attention);
  }

  @Test
  void theDescriptionSaysWhatWasChosenAndWhy() {
    try (Session auto = new DjlEngine().open(PROGRAM, WEIGHTS, session("auto"));
        Session named = new DjlEngine().open(PROGRAM, WEIGHTS, session("flash-cpu"));
        Session pytorch = new DjlEngine().open(PROGRAM, WEIGHTS, session("pytorch"));
        Trainer trainer = new DjlEngine().train(LOSS, WEIGHTS, trainer("flash-cpu"))) {
      assertTrue(auto.description().contains("attention by flash-cpu"), auto.description());
      assertTrue(auto.description().endsWith("(auto)"), auto.description());
      assertTrue(named.description().endsWith("(asked for)"), named.description());
      assertTrue(pytorch.description().contains("attention by PyTorch"), pytorch.description());
      assertTrue(trainer.description().contains("flash-cpu"), trainer.description());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "bf16"})
  void bothGiveTheSameValuesAndGradients(String label) {
    DType precision = label.equals("bf16") ? DType.BF16 : DType.F32;
    double tolerance = label.equals("bf16") ? 3e-2 : 2e-6;
    Map<String, HostTensor> batch = GPT.batch(1, 3, 16);
    Map<String, HostTensor> prompt = GPT.prompt(2, 2, 9);
    List<Map<String, HostTensor>> values = new ArrayList<>();
    List<Map<String, HostTensor>> gradients = new ArrayList<>();
    for (String attention : List.of("pytorch", "flash-cpu")) {
      SessionOptions options = session(attention).withPrecision(precision);
      TrainerOptions training = trainer(attention).withPrecision(precision);
      try (Session session = new DjlEngine().open(PROGRAM, WEIGHTS, options);
          Trainer trainer = new DjlEngine().train(LOSS, WEIGHTS, training)) {
        values.add(session.run(prompt));
        gradients.add(trainer.gradients(batch));
      }
    }
    close(values, tolerance);
    close(gradients, tolerance);
  }

  private static void close(List<Map<String, HostTensor>> pair, double tolerance) {
    assertEquals(pair.get(0).keySet(), pair.get(1).keySet());
    pair.get(0)
        .forEach(
            (name, wanted) ->
                assertArrayEquals(
                    wanted.toDoubleArray(),
                    TinyGpt.get(pair.get(1), name).toDoubleArray(),
                    tolerance,
                    name));
  }

  @Test
  void whatIsNotHereIsAnError() {
    EngineException unknown = refused(EngineException.class, session("flash-gpu"));
    assertTrue(String.valueOf(unknown.getMessage()).contains("flash-cpu"), unknown::toString);
    EngineException wide =
        refused(EngineException.class, session("flash-cpu").withPrecision(DType.F64));
    assertTrue(String.valueOf(wide.getMessage()).contains("f64"), wide::toString);
    UsageException property =
        refused(UsageException.class, SessionOptions.defaults().with("atention", "auto"));
    assertTrue(String.valueOf(property.getMessage()).contains("[attention"), property::toString);
    assertThrows(
        UsageException.class,
        () -> new DjlEngine().train(LOSS, WEIGHTS, trainer("auto").with("atention", "auto")));
  }

  private static <E extends AttentionException> E refused(Class<E> type, SessionOptions options) {
    return assertThrows(type, () -> new DjlEngine().open(PROGRAM, WEIGHTS, options));
  }

  @Test
  void attentionThatTheKernelDeclinesRunsInPyTorchOnlyIfTheKernelWasNotAskedFor() {
    Attention op =
        new Attention(
            Mask.causal(), 0.1, 0, Dim.of(0), List.of(), 0, 0, Attention.Extras.NONE, false);
    OpModel model =
        new OpModel(
            op, List.of(normal(1, 1, 1, 3, 300), normal(2, 1, 1, 3, 300), normal(3, 1, 1, 3, 8)));
    Program wide = Program.of(model);
    try (Session session = new DjlEngine().open(wide, model.weights(), session("auto"))) {
      assertEquals(3 * 8, TinyGpt.get(session.run(model.values()), "y0").size());
    }
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> new DjlEngine().open(wide, model.weights(), session("flash-cpu")));
    assertTrue(String.valueOf(e.getMessage()).contains("head_dim is 300"), e::toString);
  }

  @Test
  void sessionsOfSeveralThreadsDoNotDisturbEachOther() throws Exception {
    Map<String, HostTensor> prompt = GPT.prompt(2, 2, 16);
    try (Session session =
        new DjlEngine().open(PROGRAM, WEIGHTS, session("flash-cpu").withThreads(2))) {
      double[] wanted = TinyGpt.get(session.run(prompt), "logits").toDoubleArray();
      ExecutorService pool = Executors.newFixedThreadPool(4);
      try {
        List<Future<?>> runs = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          runs.add(
              pool.submit(
                  () -> {
                    for (int n = 0; n < 50; n++) {
                      double[] got = TinyGpt.get(session.run(prompt), "logits").toDoubleArray();
                      assertArrayEquals(wanted, got, 0);
                    }
                  }));
        }
        for (Future<?> run : runs) {
          run.get();
        }
      } finally {
        pool.shutdownNow();
      }
    }
  }
}
