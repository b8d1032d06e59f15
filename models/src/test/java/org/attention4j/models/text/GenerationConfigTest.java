package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.attention4j.error.FileFormatException;
import org.attention4j.generate.Beams;
import org.attention4j.generate.Constraints;
import org.attention4j.generate.Ending;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Sampling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory's wishes become options, with Hugging Face's defaults. */
class GenerationConfigTest {
  @TempDir Path directory;

  private GenerationConfig config(String json) throws IOException {
    Files.writeString(directory.resolve("generation_config.json"), json);
    return GenerationConfig.read(directory);
  }

  @Test
  void withoutEntriesTextsAreGreedy() throws IOException {
    GenerationConfig config = config("{}");
    assertEquals(GenerationOptions.of(7, 100, Sampling.greedy()), config.options(100, 3, 7));
    assertEquals(OptionalLong.empty(), config.decoderStart());
    assertTrue(config.isGiven());
  }

  @Test
  void everyEntryIsRead() throws IOException {
    GenerationConfig config =
        config(
            """
            {"eos_token_id": [5, 6], "bos_token_id": 1, "pad_token_id": 0, "do_sample": true,
             "decoder_start_token_id": 2, "temperature": 0.6, "top_p": 0.9, "min_p": 0.1,
             "typical_p": 0.8, "epsilon_cutoff": 0.01, "eta_cutoff": 0.02, "max_length": 30,
             "min_length": 9, "repetition_penalty": 1.1, "no_repeat_ngram_size": 3,
             "bad_words_ids": [[7], [8, 9]], "forced_bos_token_id": 10, "forced_eos_token_id": 6,
             "suppress_tokens": [11], "begin_suppress_tokens": [12], "num_beams": 4,
             "length_penalty": 2.0, "renormalize_logits": true, "early_stopping": true, "num_return_sequences": 2,
             "use_cache": false, "stop_strings": ["end", "."], "transformers_version": "x"}
            """);
    Constraints constraints =
        new Constraints(
            1.1,
            3,
            List.of(List.of(7L), List.of(8L, 9L)),
            5,
            OptionalLong.of(10),
            OptionalLong.of(6),
            Set.of(11L),
            Set.of(12L),
            null,
            null);
    GenerationOptions expected =
        new GenerationOptions(
            Ending.after(26, 100).at(Set.of(5L, 6L)),
            constraints,
            new Sampling(0.6, 50, 0.9, 0.1, 0.8, 0.01, 0.02, 0),
            new Beams(4, 2, Beams.End.FULL, true),
            2,
            false,
            false);
    GenerationOptions got = config.options(100, 4, 7);
    assertEquals(expected.stoppingWhen(got.ending().rule()), got);
    assertEquals(OptionalLong.of(0), config.padToken());
    assertEquals(OptionalLong.of(2), config.decoderStart());
    assertEquals(List.of("end", "."), config.stopStrings());
  }

  @Test
  void newTokensCountBeforeTheWholeLength() throws IOException {
    assertEquals(
        OptionalInt.of(5), config("{\"max_new_tokens\": 5, \"max_length\": 9}").newTokens(8));
    assertEquals(OptionalInt.of(0), config("{\"max_length\": 9}").newTokens(12));
  }

  @Test
  void anOlderDirectoryHasItsTokensInTheModelsConfiguration() throws IOException {
    Files.writeString(directory.resolve("config.json"), "{\"eos_token_id\": 3}");
    GenerationConfig config = GenerationConfig.read(directory);
    assertEquals(Set.of(3L), config.stopTokens());
    assertFalse(config.isGiven());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"eos_token_id\": -1}",
        "{\"eos_token_id\": \"</s>\"}",
        "{\"num_beams\": 2.5}",
        "{\"do_sample\": 1}",
        "{\"do_sample\": true, \"temperature\": \"hot\"}",
        "{\"forced_bos_token_id\": [1, 2]}",
        "{\"penalty_alpha\": 0.6}",
        "{\"num_beam_groups\": 2}",
        "{\"forced_decoder_ids\": [[1, 2]]}"
      })
  void whatIsWrongOrNotServedIsRefusedByName(String json) throws IOException {
    GenerationConfig config = config(json);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> config.options(100, 3, 7));
    String name = json.replaceAll("[{\"]*([a-z_]+).*", "$1");
    assertTrue(
        String.valueOf(e.getMessage()).contains(json.contains("hot") ? "temperature" : name),
        e.getMessage());
  }
}
