package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.train.Schedule;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** The benchmark's peer does the same training, so that its time is a fair measure. */
class HandWrittenGptTest {
  @Test
  void handWrittenDjlTakesTheSameSteps() {
    TinyGpt gpt = TinyGpt.small();
    Program program = Program.of(gpt.loss());
    Weights weights = Parameters.init(program, 1);
    AdamW adam = AdamW.of(Schedule.constant(1e-3)).betas(0.9, 0.99);
    TrainerOptions options = TrainerOptions.of(adam).clip(1).withThreads(1);
    try (Trainer trainer = new DjlEngine().train(program, weights, options);
        HandWrittenGpt peer = new HandWrittenGpt(gpt, weights, 1e-3)) {
      for (int i = 0; i < 10; i++) {
        Map<String, HostTensor> batch = gpt.batch(i, 2, 8);
        assertEquals(trainer.step(batch).loss(), peer.step(batch), 2e-5, "step " + i);
      }
    }
  }
}
