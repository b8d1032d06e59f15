package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hinton et al. 2015, section 3: what a teacher thinks of wrong classes tells a student of a class
 * that it never met.
 */
class DarkKnowledgeTest {
  private static final int CLASSES = 4;
  private static final int HIDDEN = 2; // the class that the student never meets
  private static final int SIGNS = 7; // tokens that a text shows of its class
  private static final int FIRST = 10; // of the tokens that name classes
  private static final int VOCABULARY = 16;
  private static final int BATCH = 32;
  private static final double OWN = 0.45; // of the tokens, the others are of the other classes

  @TempDir Path directory;

  /** Texts of signs, each ended by the token of its class; the teacher is the rule of Bayes. */
  private static Map<String, HostTensor> batch(SplittableRandom random, boolean hidden) {
    int time = SIGNS + 1;
    long[] ids = new long[BATCH * time];
    long[] labels = new long[ids.length];
    float[] teacher = new float[ids.length * VOCABULARY];
    Arrays.fill(labels, -100);
    Arrays.fill(teacher, -30);
    for (int row = 0; row < BATCH; row++) {
      int own = random.nextInt(CLASSES - 1);
      own = hidden ? HIDDEN : own >= HIDDEN ? own + 1 : own;
      int[] seen = new int[CLASSES];
      for (int i = 0; i < SIGNS; i++) {
        int sign =
            random.nextDouble() < OWN ? own : (own + 1 + random.nextInt(CLASSES - 1)) % CLASSES;
        ids[row * time + i] = sign;
        seen[sign]++;
      }
      int last = row * time + SIGNS;
      ids[last] = FIRST + (long) own;
      labels[last] = ids[last];
      double evidence = Math.log(OWN / ((1 - OWN) / (CLASSES - 1)));
      for (int c = 0; c < CLASSES; c++) {
        teacher[(last - 1) * VOCABULARY + FIRST + c] = (float) (evidence * seen[c]);
      }
    }
    Map<String, HostTensor> batch = new LinkedHashMap<>();
    batch.put("input_ids", HostTensor.of(ids, BATCH, time));
    batch.put("labels", HostTensor.of(labels, BATCH, time));
    batch.put(DistillationLoss.TEACHER, HostTensor.of(teacher, BATCH, time, VOCABULARY));
    return batch;
  }

  /** The share of texts of the hidden class that a student taught with some alpha, tells. */
  private double told(double alpha, int steps) throws Exception {
    Files.writeString(
        directory.resolve("config.json"),
        """
        {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 16,
         "n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 8, "resid_pdrop": 0,
         "attn_pdrop": 0, "embd_pdrop": 0}
        """);
    Checkpoint start = HuggingFace.fresh(directory, 3);
    DistillationLoss loss = new DistillationLoss(start.model().withLoss(), VOCABULARY, 3, alpha);
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-2)).withSeed(3).withThreads(1);
    SplittableRandom random = new SplittableRandom(5);
    try (Trainer trainer = Engines.get("djl").train(Program.of(loss), start.weights(), options)) {
      for (int i = 0; i < steps; i++) {
        trainer.step(batch(random, false));
      }
      Checkpoint student =
          new Checkpoint(start.path(), start.model(), trainer.weights(), start.paths());
      int right = 0;
      Map<String, HostTensor> texts = batch(new SplittableRandom(6), true);
      HostTensor ids = Objects.requireNonNull(texts.get("input_ids"));
      try (PretrainedSession session = student.session("djl", List.of("input_ids"))) {
        HostTensor logits =
            Objects.requireNonNull(session.run(Map.of("input_ids", ids)).get("logits"));
        float[] all = logits.toFloatArray();
        for (int row = 0; row < BATCH; row++) {
          int at = (row * (SIGNS + 1) + SIGNS - 1) * VOCABULARY + FIRST;
          right += Predictions.best(all, at, CLASSES) == HIDDEN ? 1 : 0;
        }
      }
      return (double) right / BATCH;
    }
  }

  @Test
  void softTargetsTeachAClassThatNoHardLabelShows() throws Exception {
    assumeTrue(Engines.names().contains("djl"), "engine djl cannot run here");
    double hard = told(0, 200);
    double soft = told(1, 500);
    assertEquals(0, hard, "nothing says that there is such a class");
    assertTrue(soft > 0.4, "told " + soft);
  }
}
