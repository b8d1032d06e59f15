package org.attention4j.models.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Set;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A directory that was trained further")
class PretrainedWriterTest {
  private static final Path SENTENCES = Path.of("src/test/resources/texts/sentence_dense");

  @Test
  @DisplayName("has the layers behind the pooling in their own folder, as it was read")
  void dense(@TempDir Path out) {
    Checkpoint before = HuggingFace.open(SENTENCES);
    FineTuning whole = FineTuning.full(before, Set.of("input_ids", "attention_mask"));
    whole.begin(out);
    whole.save(out, before.weights());
    assertEquals(
        Weights.load(SENTENCES.resolve("2_Dense")).names(),
        Weights.load(out.resolve("2_Dense")).names());
    assertEquals(Weights.load(SENTENCES).names(), Weights.load(out).names());
    Weights after = HuggingFace.open(out).weights();
    assertEquals(before.weights().names(), after.names());
    for (String path : after.names()) {
      assertTrue(before.weights().get(path).equalsExactly(after.get(path)), path);
    }
  }
}
