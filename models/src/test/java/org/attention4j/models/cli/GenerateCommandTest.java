package org.attention4j.models.cli;

import static org.attention4j.models.cli.CommandLineTest.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.models.cli.CommandLineTest.Outcome;
import org.attention4j.models.data.SpanishSentences;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The options of {@code generate} do what they say. */
class GenerateCommandTest {
  @TempDir static Path shared;
  @TempDir Path directory;

  @BeforeAll
  static void aTrainedModelThatChats() throws IOException {
    Files.writeString(shared.resolve("corpus.txt"), SpanishSentences.text(20, 1));
    CommandLineTest.train(shared.resolve("corpus.txt"), model()).expect(0);
    Files.writeString(
        model().resolve("tokenizer_config.json"),
        "{\"chat_template\": \"{% for m in messages %}{{ m.content }} {% endfor %}"
            + "{% for tool in tools or [] %}{{ tool.name }} {% endfor %}\"}");
  }

  private static Path model() {
    return shared.resolve("model");
  }

  private static Outcome generate(Object... more) {
    List<Object> arguments =
        new ArrayList<>(List.of("generate", "--from", model(), "--engine", "reference"));
    arguments.addAll(List.of("--tokens", 6, "--json"));
    arguments.addAll(List.of(more));
    return run(arguments.toArray());
  }

  private static List<String> texts(Outcome outcome) {
    List<String> texts = new ArrayList<>();
    outcome.expect(0).json().path("texts").forEach(t -> texts.add(t.path("text").asText()));
    return texts;
  }

  @Test
  void aFileOfPromptsIsABatchOfThem() throws IOException {
    Path file = directory.resolve("prompts.txt");
    Files.writeString(file, "el gato\n\nun\nel perro\n");
    List<String> texts = texts(generate("--prompts", file, "--temperature", 0));
    assertEquals(3, texts.size());
    assertEquals(texts.get(1), texts(generate("--prompt", "un", "--temperature", 0)).get(0));
  }

  @Test
  void severalTextsForAPromptDiffer() {
    List<String> drawn =
        texts(generate("--prompt", "el", "--sequences", 3, "--temperature", 2, "--top-k", 9));
    assertEquals(3, drawn.stream().distinct().count());
    Outcome beams =
        generate("--prompt", "el", "--beams", 3, "--sequences", 3, "--length-penalty", 0.5);
    assertEquals(3, texts(beams).stream().distinct().count());
    JsonNode found = beams.json().path("texts");
    assertTrue(found.path(0).path("score").asDouble() >= found.path(2).path("score").asDouble());
  }

  @Test
  void nothingIsSaidTwiceWhereThatIsForbidden() {
    String text =
        texts(generate("--prompt", "el", "--no-repeat-ngram", 1, "--temperature", 0)).get(0);
    assertEquals(6, text.chars().distinct().count());
  }

  @Test
  void aConversationComesFromOptionsOrAFile() throws IOException {
    Path file = directory.resolve("talk.json");
    Files.writeString(
        file,
        """
        {"messages": [{"role": "system", "content": "el"}, {"role": "user", "content": "gato"}]}
        """);
    JsonNode fromFile = generate("--messages", file, "--temperature", 0).expect(0).json();
    assertEquals("el gato ", fromFile.path("prompt").asText());
    JsonNode fromOptions =
        generate("--chat", "--system", "el", "--prompt", "gato", "--temperature", 0)
            .expect(0)
            .json();
    assertEquals(fromFile.path("text"), fromOptions.path("text"));
    Files.writeString(
        file,
        """
        {"tools": [{"name": "la"}], "messages": [{"role": "user", "content": "el gato"}]}
        """);
    JsonNode withTools = generate("--messages", file, "--temperature", 0).expect(0).json();
    assertEquals("el gato la ", withTools.path("prompt").asText());
    Files.writeString(file, "[{\"role\": \"user\", \"content\": \"el gato\"}]");
    Path tools = Files.writeString(directory.resolve("tools.json"), "[{\"name\": \"la\"}]");
    List<Object> list = List.of("--messages", file, "--tools", tools, "--temperature", 0);
    assertEquals(withTools.path("text"), generate(list.toArray()).expect(0).json().path("text"));
    JsonNode said =
        generate("--chat", "--prompt", "el gato", "--tools", tools, "--temperature", 0)
            .expect(0)
            .json();
    assertEquals("el gato la ", said.path("prompt").asText());
    assertEquals(withTools.path("text"), said.path("text_with_special_tokens"));
  }

  @Test
  void aDraftChangesNoGreedyTextAndItsShareIsTold() {
    List<Object> plain = List.of("--prompt", "el", "--temperature", 0);
    String alone = texts(generate(plain.toArray())).get(0);
    for (List<Object> draft :
        List.of(List.<Object>of("--draft", model()), List.<Object>of("--draft-lookup"))) {
      List<Object> all = new ArrayList<>(plain);
      all.addAll(draft);
      all.addAll(List.of("--draft-tokens", 3));
      JsonNode result = generate(all.toArray()).expect(0).json();
      assertEquals(alone, result.path("text").asText());
      double share = result.path("draft").path("accepted_share").asDouble(-1);
      assertTrue(share >= 0 && share <= 1, result.toString());
      assertTrue(draft.size() == 1 || share == 1, result.toString()); // the model itself
    }
  }

  @Test
  void aTextKeepsToAPatternOrASchema() throws IOException {
    Path schema = directory.resolve("schema.json");
    Files.writeString(schema, "{\"pattern\": \"^[aeo]+$\"}");
    String text = texts(generate("--prompt", "el", "--regex", "( [aeo]{2}){2}")).get(0);
    assertTrue(text.matches("( [aeo]{2}){2}"), text);
    generate("--prompt", "el", "--json-schema", schema)
        .refused("the vocabulary lacks the character");
    Files.writeString(schema, "{\"not\": {}}");
    generate("--prompt", "el", "--json-schema", schema).refused("'not'");
    generate("--prompt", "el", "--regex", "(?=a)").refused("looks around");
  }

  @Test
  void whatDoesNotFitTogetherIsRefused() throws IOException {
    generate("--prompt", "el", "--draft-tokens", 3).refused("--draft");
    generate("--prompt", "el", "--draft-lookup", "--draft", model()).refused("--draft-lookup");
    generate("--prompt", "el", "--regex", "a", "--json-schema", "s.json").refused("--regex");
    Path file = directory.resolve("talk.json");
    generate().refused("--prompt", "--prompts", "--messages");
    generate("--prompt", "el", "--prompts", file).refused("--prompts");
    generate("--prompts", file, "--chat").refused("--chat");
    generate("--messages", file).refused("talk.json");
    Files.writeString(file, "{\"messages\": [{\"role\": \"user\"}]}");
    generate("--messages", file).refused("messages[0]", "content");
    Files.writeString(file, "[\"hello\"]");
    generate("--messages", file).refused("messages[0]", "role");
    Files.writeString(file, "{\"messages\": {}}");
    generate("--messages", file).refused("messages");
    Path tools = Files.writeString(directory.resolve("tools.json"), "[7]");
    generate("--prompt", "el", "--tools", tools).refused("--chat");
    generate("--prompt", "el", "--chat", "--tools", tools).refused("'tools'");
    Files.writeString(
        file, "{\"messages\": [{\"role\": \"user\", \"content\": \"\"}], \"tools\": []}");
    generate("--messages", file, "--tools", tools).refused("tools.json");
    generate("--prompt", "el", "--beams", 2, "--sequences", 3).refused("2 beams");
    generate("--prompt", "el", "--sequences", 2, "--temperature", 0).refused("temperature 0");
    generate("--prompt", "el", "--early-stopping", "soon").refused("soon");
    generate("--prompt", "el", "--top-p", 0).refused("top-p");
  }
}
