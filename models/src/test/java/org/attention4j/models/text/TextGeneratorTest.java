package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Beams;
import org.attention4j.generate.Generation.End;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Sampling;
import org.attention4j.generate.grammar.Grammar;
import org.attention4j.models.data.SpanishSentences;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.family.Seq2Seq;
import org.attention4j.models.token.CharTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.nn.Model;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.SessionOptions;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts from a small model with random weights: what is asked for holds, whatever they say. */
class TextGeneratorTest {
  private static final Engine ENGINE = Engines.get("reference");
  private static final SessionOptions OPTIONS = SessionOptions.defaults();
  private static final List<String> PROMPTS = List.of("el gato", "un", "el perro come");

  @TempDir static Path decoder;
  @TempDir static Path translator;

  @BeforeAll
  static void models() throws IOException {
    String corpus = SpanishSentences.text(50, 1) + " #:<>";
    try (Tokenizer tokenizer = CharTokenizer.of(corpus, true)) {
      Gpt gpt = Gpt.nano(tokenizer.size(), 64, 16, 2, 1, 0);
      new ModelDirectory(decoder, gpt, weights(gpt.trainable()), tokenizer).save();
      Seq2Seq seq2seq = new Seq2Seq(tokenizer.size(), 32, 16, 2, 1, 32, 0, 0);
      new ModelDirectory(translator, seq2seq, weights(seq2seq.trainable()), tokenizer).save();
    }
    Files.writeString(
        decoder.resolve("chat_template.jinja"),
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}<a>");
  }

  private static Weights weights(Model model) {
    return Parameters.init(Program.of(model), 4);
  }

  @Test
  void textsOfABatchAreThoseOfEachPromptAlone() {
    try (TextGenerator batches = TextGenerator.openForBatches(decoder, ENGINE, OPTIONS);
        TextGenerator single = TextGenerator.open(decoder, ENGINE, OPTIONS)) {
      GenerationOptions options =
          single.defaults(12, PROMPTS).drawing(Sampling.at(1, 3)).repeated(2);
      List<GeneratedText> together = batches.generate(PROMPTS, options);
      assertEquals(6, together.size());
      for (int i = 0; i < PROMPTS.size(); i++) {
        GenerationOptions own = options.drawing(Sampling.at(1, 3 + 2 * i));
        List<GeneratedText> alone = single.generate(PROMPTS.subList(i, i + 1), own);
        assertEquals(alone, together.subList(2 * i, 2 * i + 2));
        assertNotEquals(alone.get(0).text(), alone.get(1).text());
      }
      UsageException e =
          assertThrows(UsageException.class, () -> single.generate(PROMPTS, options));
      assertTrue(String.valueOf(e.getMessage()).contains("attention_mask"), e.getMessage());
    }
  }

  @Test
  void streamedPiecesAreTheText() {
    try (TextGenerator generator = TextGenerator.open(decoder, ENGINE, OPTIONS)) {
      StringBuilder heard = new StringBuilder();
      GenerationOptions options = generator.defaults(20, List.of("el")).drawing(Sampling.at(1, 1));
      GeneratedText text = generator.generate("el", options, heard::append);
      assertEquals(heard.toString(), text.text());
      assertEquals(List.of(text), generator.generate(List.of("el"), options));
    }
  }

  @Test
  void textsKeepToAGrammarWithDraftsBeamsAndBatches() {
    Grammar grammar = Grammar.matching("(el|un) [a-z]{2,6}(, [a-z]+)?\\.");
    ModelDirectory directory = ModelDirectory.open(decoder);
    try (TextGenerator plain = TextGenerator.open(directory, ENGINE, OPTIONS, true);
        TextGenerator drafting =
            TextGenerator.open(directory, ENGINE, OPTIONS, TextDraft.lookup(3))) {
      GenerationOptions free = plain.defaults(30, PROMPTS);
      GenerationOptions options =
          free.constrained(free.constraints().within(plain.language(grammar)));
      for (Sampling sampling : List.of(Sampling.greedy(), Sampling.at(1.5, 2))) {
        List<GeneratedText> texts = plain.generate(PROMPTS, options.drawing(sampling));
        texts.addAll(drafting.generate(PROMPTS, options.drawing(sampling)));
        texts.addAll(plain.generate(PROMPTS, options.drawing(sampling).searching(Beams.of(3), 2)));
        for (GeneratedText text : texts) {
          assertTrue(grammar.matches(text.text()), text.text());
          assertEquals(End.WHOLE, text.generation().end());
        }
      }
    }
  }

  @Test
  void aDraftChangesNoGreedyText() {
    ModelDirectory model = ModelDirectory.open(decoder);
    ModelDirectory seq2seq = ModelDirectory.open(translator);
    for (ModelDirectory directory : List.of(model, seq2seq)) {
      for (TextDraft draft : List.of(TextDraft.of(directory, 4), TextDraft.lookup(3))) {
        try (TextGenerator plain = TextGenerator.open(directory, ENGINE, OPTIONS, false);
            TextGenerator drafting = TextGenerator.open(directory, ENGINE, OPTIONS, draft)) {
          GenerationOptions options = plain.defaults(15, PROMPTS).drawing(Sampling.greedy());
          for (GeneratedText text : drafting.generate(PROMPTS, options)) {
            GeneratedText alone = plain.generate(text.prompt(), options, piece -> {});
            assertEquals(alone.text(), text.text());
            assertTrue(Objects.requireNonNull(text.generation().drafted()).passes() > 0);
          }
        }
      }
    }
  }

  @Test
  void aDraftOfAnotherVocabularyOrKindIsRefused(@TempDir Path other) {
    try (Tokenizer tokenizer = CharTokenizer.of("abc", true)) {
      Gpt gpt = Gpt.nano(tokenizer.size(), 64, 16, 2, 1, 0);
      new ModelDirectory(other, gpt, weights(gpt.trainable()), tokenizer).save();
    }
    ModelDirectory model = ModelDirectory.open(decoder);
    for (Path draft : List.of(other, translator)) {
      TextDraft drafts = TextDraft.of(ModelDirectory.open(draft), 4);
      UsageException e =
          assertThrows(
              UsageException.class, () -> TextGenerator.open(model, ENGINE, OPTIONS, drafts));
      String expected = draft.equals(other) ? "the draft's vocabulary" : "of the same kind";
      assertTrue(String.valueOf(e.getMessage()).contains(expected), e.getMessage());
    }
  }

  @Test
  void aStringEndsATextWithBeamsAndWithout() {
    try (TextGenerator generator = TextGenerator.open(decoder, ENGINE, OPTIONS)) {
      GenerationOptions free = generator.defaults(20, List.of("el")).drawing(Sampling.greedy());
      String text = generator.generate("el", free, piece -> {}).text();
      String stop = text.substring(4, 6);
      int end = text.indexOf(stop) + 2;
      GeneratedText stopped =
          generator.generate(
              "el", free.stoppingWhen(generator.stopAt(List.of("¡¡", stop))), piece -> {});
      assertEquals(text.substring(0, end), stopped.text());
      assertEquals(End.STOP_RULE, stopped.generation().end());
      GenerationOptions beams = free.searching(Beams.of(3), 3);
      generator
          .generate(List.of("el"), beams.stoppingWhen(generator.stopAt(List.of(stop, "e"))))
          .forEach(
              t ->
                  assertEquals(
                      t.text().contains(stop) || t.text().contains("e"),
                      t.generation().end() == End.STOP_RULE,
                      t.text()));
    }
  }

  @Test
  void aConversationIsWrittenWithTheTemplate() {
    List<ChatMessage> talk = List.of(ChatMessage.system("el"), ChatMessage.user("gato"));
    try (TextGenerator generator = TextGenerator.open(decoder, ENGINE, OPTIONS)) {
      GenerationOptions options = generator.defaults(9, List.of());
      GeneratedText answer = generator.chat(talk, options, piece -> {});
      assertEquals("<system>el\n<user>gato\n<a>", answer.prompt());
      assertEquals(generator.generate(answer.prompt(), options, piece -> {}).text(), answer.text());
    }
  }

  @Test
  void translationsOfABatchAreThoseOfEachSourceAlone() {
    try (TextGenerator generator = TextGenerator.open(translator, ENGINE, OPTIONS)) {
      for (GenerationOptions options :
          List.of(
              generator.defaults(10, PROMPTS).drawing(Sampling.greedy()),
              generator
                  .defaults(10, PROMPTS)
                  .drawing(Sampling.greedy())
                  .searching(Beams.of(3).withLengthPenalty(0.5), 2))) {
        List<GeneratedText> together = generator.generate(PROMPTS, options);
        assertEquals(together, generator.generate(PROMPTS, options.withoutCache()));
        int each = options.sequences();
        for (int i = 0; i < PROMPTS.size(); i++) {
          assertEquals(
              generator.generate(PROMPTS.subList(i, i + 1), options).stream()
                  .map(GeneratedText::text)
                  .toList(),
              together.subList(i * each, (i + 1) * each).stream()
                  .map(GeneratedText::text)
                  .toList());
        }
      }
    }
  }
}
