package org.attention4j.models.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.family.Architectures;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checkpoints are made by src/test/fixtures/heads.py; golden replays what they compute. */
@DisplayName("Heads")
class HeadsTest {
  private static final Path FOLDER = Path.of("src/test/resources/golden");

  private static HostTensor tokens(long... ids) {
    return HostTensor.of(ids, 1, ids.length);
  }

  private static HostTensor output(
      PretrainedSession session, Map<String, HostTensor> inputs, String name) {
    return Objects.requireNonNull(session.run(inputs).get(name), name);
  }

  @Test
  @DisplayName("that are not served are named, with those that are")
  void unserved() {
    for (String name : List.of("GPT2ForTreeBuilding", "DecisionTransformerGPT2Model")) {
      Config config = HuggingFace.config(FOLDER.resolve("gpt2"));
      config.json().putArray("architectures").add(name);
      UsageException e = assertThrows(UsageException.class, () -> Architectures.read(config));
      assertTrue(String.valueOf(e.getMessage()).contains(name), e.getMessage());
      assertTrue(String.valueOf(e.getMessage()).contains("question-answering"), e.getMessage());
    }
  }

  @Test
  @DisplayName("of transformers' classes are told by their names, and name them again")
  void classNames() {
    Map<String, Task> tasks =
        Map.of(
            "BertLMHeadModel", Task.CAUSAL_LM,
            "BertForPreTraining", Task.PRETRAINING,
            "BertForNextSentencePrediction", Task.NEXT_SENTENCE_PREDICTION,
            "RobertaForMultipleChoice", Task.MULTIPLE_CHOICE,
            "T5ForQuestionAnswering", Task.QUESTION_ANSWERING,
            "WhisperForAudioClassification", Task.AUDIO_CLASSIFICATION,
            "ViTForMaskedImageModeling", Task.MASKED_IMAGE_MODELING,
            "GPT2DoubleHeadsModel", Task.DOUBLE_HEADS,
            "T5EncoderModel", Task.FEATURES);
    tasks.forEach((name, task) -> assertEquals(task, Task.ofClass(name).orElseThrow(), name));
    tasks.forEach((name, task) -> assertEquals(name, task.className(Task.stem(name))));
  }

  @Test
  @DisplayName("at an end token refuse a text without one")
  void noEnd() {
    Checkpoint checkpoint = HuggingFace.open(FOLDER.resolve("T5ForSequenceClassification"));
    try (PretrainedSession session = checkpoint.session("reference", Set.of("input_ids"))) {
      HostTensor logits = output(session, Map.of("input_ids", tokens(5, 7, 2)), "logits");
      assertArrayEquals(new long[] {1, 3}, logits.shape());
      UsageException e =
          assertThrows(
              UsageException.class, () -> session.run(Map.of("input_ids", tokens(5, 7, 8))));
      assertTrue(
          String.valueOf(e.getMessage()).contains("row 0 of input_ids has no end token 2"),
          e.getMessage());
    }
  }

  @Test
  @DisplayName("run with labels give the loss, of one class or of several by the labels' type")
  void losses() {
    Checkpoint checkpoint = HuggingFace.open(FOLDER.resolve("bert_classes"));
    HostTensor one = HostTensor.of(new long[] {2}, 1);
    HostTensor several = HostTensor.of(new float[] {0, 0, 1}, 1, 3);
    double[] losses = new double[2];
    double[] logits = new double[3];
    for (HostTensor labels : List.of(one, several)) {
      Map<String, HostTensor> inputs = Map.of("input_ids", tokens(5, 7, 9), "labels", labels);
      try (PretrainedSession session =
          checkpoint.session(
              Engines.get("reference"), SessionOptions.defaults(), inputs, Set.of())) {
        losses[labels == one ? 0 : 1] = output(session, inputs, "loss").getDouble(0);
        for (int i = 0; i < 3; i++) {
          logits[i] = output(session, inputs, "logits").getDouble(i);
        }
      }
    }
    double sum = Math.exp(logits[0]) + Math.exp(logits[1]) + Math.exp(logits[2]);
    double terms = Math.log(1 + Math.exp(logits[0])) + Math.log(1 + Math.exp(logits[1]));
    assertEquals(Math.log(sum) - logits[2], losses[0], 1e-5);
    assertEquals((terms + Math.log(1 + Math.exp(-logits[2]))) / 3, losses[1], 1e-5);
  }

  @Test
  @DisplayName("for the words of a model with two serve alone")
  void oneOfTwo() {
    Path directory = FOLDER.resolve("BertForPreTraining");
    Pretrained words = Architectures.read(HuggingFace.config(directory), Task.MASKED_LM);
    Map<String, HostTensor> inputs = Map.of("input_ids", tokens(5, 7, 9, 4));
    try (PretrainedSession both =
            HuggingFace.open(directory).session("reference", inputs.keySet());
        PretrainedSession one =
            HuggingFace.open(directory, words).session("reference", inputs.keySet())) {
      assertArrayEquals(
          output(both, inputs, "prediction_logits").toFloatArray(),
          output(one, inputs, "logits").toFloatArray());
    }
  }
}
