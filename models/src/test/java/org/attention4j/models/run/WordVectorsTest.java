package org.attention4j.models.run;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.attention4j.models.data.SpanishSentences;
import org.attention4j.spi.Engines;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Meaning emerges from prediction: for every seed, and only by training. */
class WordVectorsTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void theCatEndsNearTheDogAndFarFromDemocracyAndDidNotBeginSo(long seed) {
    assumeTrue(Engines.names().contains("djl"), "PyTorch cannot run here");
    WordVectors vectors =
        WordVectors.learn(
            Engines.get("djl"),
            SmallRuns.words(seed),
            SpanishSentences.text(4000, seed),
            directory,
            TrainingListener.NONE);
    assertFalse(vectors.heldBefore(), vectors.before().toString());
    assertTrue(vectors.holds(), vectors.after().toString());
  }
}
