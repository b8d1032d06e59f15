package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
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
