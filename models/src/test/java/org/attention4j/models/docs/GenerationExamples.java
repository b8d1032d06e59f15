package org.attention4j.models.docs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.generate.Beams;
import org.attention4j.generate.Generation;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Language;
import org.attention4j.generate.Sampling;
import org.attention4j.generate.grammar.Grammar;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.schema.JsonSchema;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.ChatMessage;
import org.attention4j.models.text.GeneratedText;
import org.attention4j.models.text.TemplateValues;
import org.attention4j.models.text.TextDraft;
import org.attention4j.models.text.TextGenerator;
import org.attention4j.models.text.ToolCall;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.weights.Weights;

/** The code of docs/generation.md. */
final class GenerationExamples {
  private GenerationExamples() {}

  // docs:one
  static String one(Path directory, Engine engine) {
    List<String> prompts = List.of("el gato");
    try (TextGenerator generator =
        TextGenerator.open(directory, engine, SessionOptions.defaults())) {
      GenerationOptions options =
          generator.defaults(20, prompts).drawing(Sampling.at(0.7, 1).withTopP(0.9));
      return generator.generate("el gato", options, System.out::print).text();
    }
  }

  // docs:end

  // docs:batch
  static List<GeneratedText> batch(Path directory, Engine engine, List<String> prompts) {
    try (TextGenerator generator =
        TextGenerator.openForBatches(directory, engine, SessionOptions.defaults())) {
      GenerationOptions options = generator.defaults(20, prompts).drawing(Sampling.greedy());
      GenerationOptions search = options.searching(Beams.of(4).withLengthPenalty(0.8), 2);
      return generator.generate(prompts, search); // two texts for each prompt
    }
  }

  // docs:end

  // docs:chat
  static String chat(Path directory, Engine engine) {
    List<ChatMessage> talk = List.of(ChatMessage.system("el"), ChatMessage.user("gato"));
    try (TextGenerator generator =
        TextGenerator.open(directory, engine, SessionOptions.defaults())) {
      return generator.chat(talk, generator.defaults(20, List.of()), piece -> {}).text();
    }
  }

  // docs:end

  // docs:tools
  static String tools(Path directory, Engine engine) {
    Map<String, Object> tools =
        Map.of(
            "tools",
            TemplateValues.parse(
                """
                [{"type": "function", "function": {"name": "gato", "description": "Finds cats.",
                  "parameters": {"type": "object", "properties": {"where": {"type": "string"}}}}}]
                """));
    List<ChatMessage> talk = new ArrayList<>(List.of(ChatMessage.user("el gato")));
    try (TextGenerator generator =
        TextGenerator.open(directory, engine, SessionOptions.defaults())) {
      GenerationOptions options = generator.defaults(20, List.of());
      GeneratedText wish = generator.chat(talk, tools, options, piece -> {});
      String marked = generator.withSpecialTokens(wish); // what it calls, as its family writes it
      ToolCall call = new ToolCall("call12345", "gato", Map.of("where", marked));
      talk.add(ChatMessage.calling(call));
      talk.add(ChatMessage.answer(call, "en la mesa"));
      return generator.chat(talk, tools, options, piece -> {}).text();
    }
  }

  // docs:end

  // docs:tokens
  static List<Generation> tokens(
      Engine engine, Program program, Weights weights, List<long[]> prompts) {
    try (Session session =
        engine.open(Generator.batched(program), weights, SessionOptions.defaults())) {
      GenerationOptions options = GenerationOptions.of(20, 1024, Sampling.greedy());
      return Generator.decoder(session).generateAll(prompts, options);
    }
  }

  // docs:end

  // docs:json
  static String json(Path directory, Engine engine) {
    Grammar cat =
        JsonSchema.grammar(
            JsonFile.parse(
                """
                {"type": "object", "required": ["name", "age"], "properties": {
                  "name": {"type": "string", "maxLength": 9},
                  "age": {"type": "integer", "minimum": 0, "maximum": 30}}}
                """));
    try (TextGenerator generator =
        TextGenerator.open(directory, engine, SessionOptions.defaults())) {
      GenerationOptions options = generator.defaults(60, List.of("el gato"));
      Language language = generator.language(cat);
      options = options.constrained(options.constraints().within(language));
      return generator.generate("el gato", options, piece -> {}).text();
    }
  }

  // docs:end

  // docs:drafted
  static double drafted(Path directory, Path smaller, Engine engine) {
    TextDraft draft = TextDraft.of(ModelDirectory.open(smaller), 5);
    try (TextGenerator generator =
        TextGenerator.open(
            ModelDirectory.open(directory), engine, SessionOptions.defaults(), draft)) {
      GenerationOptions options = generator.defaults(20, List.of("el gato"));
      Generation text = generator.generate("el gato", options, piece -> {}).generation();
      return Objects.requireNonNull(text.drafted()).share(); // of the guesses that were taken
    }
  }

  // docs:end
}
