package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.attention4j.error.EngineException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A batch that is cut for several workers trains as the whole batch would. */
class ShardsTest {
  private static final TinyGpt GPT = new TinyGpt(11, 16, 16, 2, 2, 0);
  private static final Program LOSS = Program.of(GPT.loss());
  private static final Weights WEIGHTS = Parameters.init(LOSS, 3);

  private static TrainerOptions options(String attention, String shards) {
    return TrainerOptions.of(AdamW.lr(1e-2))
        .clip(1)
        .withThreads(2)
        .with("attention", attention)
        .with("shards", shards);
  }

  @ParameterizedTest
  @CsvSource({"auto,2", "auto,6", "pytorch,2", "pytorch,3"})
  void theStepsAreThoseOfWholeBatches(String attention, String shards) {
    try (Trainer whole = new DjlEngine().train(LOSS, WEIGHTS, options(attention, "1"));
        Trainer cut = new DjlEngine().train(LOSS, WEIGHTS, options(attention, shards))) {
      for (int i = 0; i < 4; i++) {
        Map<String, HostTensor> batch = GPT.batch(i, 6, 16);
        List<Map<String, HostTensor>> micro = i == 3 ? List.of(batch, batch) : List.of(batch);
        StepResult wanted = whole.step(micro);
        StepResult got = cut.step(micro);
        assertEquals(wanted.loss(), got.loss(), 2e-6, "loss of step " + i);
        assertEquals(wanted.gradientNorm(), got.gradientNorm(), 2e-5, "norm of step " + i);
      }
    }
  }

  @Test
  void theUpdateIsDividedAmongTheWorkers() {
    TrainerOptions one = options("auto", "1").withThreads(1);
    try (Trainer whole = new DjlEngine().train(LOSS, WEIGHTS, one);
        Trainer cut = new DjlEngine().train(LOSS, WEIGHTS, options("auto", "6").withThreads(3))) {
      for (int i = 0; i < 3; i++) {
        whole.step(GPT.batch(i, 6, 16));
        cut.step(GPT.batch(i, 6, 16));
      }
      for (String path : WEIGHTS.names()) {
        assertArrayEquals(
            whole.weights().get(path).toFloatArray(),
            cut.weights().get(path).toFloatArray(),
            2e-4f, // a hundredth of what three updates of 1e-2 do: AdamW divides by small numbers
            path);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2", "6"})
  void whatAFailedStepAddedIsNotInTheNext(String shards) {
    Map<String, HostTensor> bad = GPT.batch(1, 6, 16);
    HostTensor ids = TinyGpt.get(bad, "input_ids");
    ids.set(ids.size() - 1, 1000L); // no such token, in the last part
    List<Map<String, HostTensor>> micro = List.of(GPT.batch(2, 6, 16), bad);
    try (Trainer failing = new DjlEngine().train(LOSS, WEIGHTS, options("auto", shards));
        Trainer other = new DjlEngine().train(LOSS, WEIGHTS, options("auto", shards))) {
      assertThrows(EngineException.class, () -> failing.step(micro));
      List<Map<String, HostTensor>> good = List.of(GPT.batch(3, 6, 16), GPT.batch(4, 6, 16));
      assertEquals(other.step(good), failing.step(good));
    }
  }

  @Test
  void twoRunsWithDropoutGiveTheSameBits() {
    TinyGpt dropping = new TinyGpt(11, 16, 16, 2, 2, 0.2);
    Program program = Program.of(dropping.loss());
    try (Trainer a = new DjlEngine().train(program, WEIGHTS, options("auto", "4"));
        Trainer b = new DjlEngine().train(program, WEIGHTS, options("auto", "4"))) {
      for (int i = 0; i < 5; i++) {
        assertEquals(a.step(GPT.batch(i, 4, 8)), b.step(GPT.batch(i, 4, 8)));
      }
      assertArrayEquals(
          a.weights().get("wte.weight").toFloatArray(),
          b.weights().get("wte.weight").toFloatArray(),
          0);
      assertTrue(a.description().contains("cut into 4 for 2 workers"), a.description());
    }
  }

  @Test
  void whatCannotBeCutEvenlyIsRefusedBeforeAnythingChanges() {
    try (Trainer trainer = new DjlEngine().train(LOSS, WEIGHTS, options("auto", "4"))) {
      assertThrows(ShapeException.class, () -> trainer.step(GPT.batch(1, 6, 16)));
      assertEquals(1, trainer.step(GPT.batch(1, 8, 16)).step());
    }
    for (String wrong : List.of("0", "-1", "two")) {
      assertThrows(
          UsageException.class, () -> new DjlEngine().train(LOSS, WEIGHTS, options("auto", wrong)));
    }
  }
}
