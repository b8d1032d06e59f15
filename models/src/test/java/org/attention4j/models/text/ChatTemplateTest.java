package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.jinja.TemplateException;
import org.attention4j.models.store.JsonFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Conversations are written as transformers' {@code apply_chat_template} writes them (recorded by
 * src/test/fixtures/chat.py), and hostile templates end in an error.
 */
class ChatTemplateTest {
  private static final ObjectNode RECORDED =
      JsonFile.read(Path.of("src/test/resources/chat/answers.json"));
  private static final Map<String, String> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");
  private static final List<ChatMessage> HELLO = List.of(ChatMessage.user("hello"));

  @TempDir Path directory;

  /** A conversation and how it is written, or that it is refused. */
  record Recorded(JsonNode json) {
    @Override
    public String toString() {
      return json.path("name").asText();
    }
  }

  static Stream<Recorded> recorded() {
    List<Recorded> all = new ArrayList<>();
    RECORDED.path("cases").forEach(json -> all.add(new Recorded(json)));
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void conversationsAreWrittenAsTransformersWritesThem(Recorded recorded) {
    JsonNode json = recorded.json();
    String style = json.path("style").asText();
    ChatTemplate template =
        ChatTemplate.of(RECORDED.path("templates").path(style).asText(), TOKENS);
    List<ChatMessage> messages = new ArrayList<>();
    json.path("messages")
        .forEach(m -> messages.add(new ChatMessage(TemplateValues.of((ObjectNode) m))));
    Map<String, Object> more = TemplateValues.of((ObjectNode) json.path("more"));
    boolean prompt = json.path("add_generation_prompt").asBoolean();
    if (json.has("refused")) {
      AttentionException e =
          assertThrows(AttentionException.class, () -> template.render(messages, prompt, more));
      String reason = json.path("refused").asText();
      assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
    } else {
      assertEquals(json.path("text").asText(), template.render(messages, prompt, more));
    }
  }

  @Test
  void messagesMadeInJavaAreThoseOfJson() {
    ToolCall call = new ToolCall("abcdefgh1", "warm", Map.of("days", 2));
    assertEquals(
        TemplateValues.parse(
            """
            [{"role": "assistant", "tool_calls": [{"type": "function", "id": "abcdefgh1",
              "function": {"name": "warm", "arguments": {"days": 2}}}]},
             {"role": "tool", "content": "21.5", "name": "warm", "tool_call_id": "abcdefgh1"},
             {"role": "user", "content": [{"type": "text", "text": "x"}, 1.5, null]}]
            """),
        List.of(
            ChatMessage.calling(call).entries(),
            ChatMessage.answer(call, "21.5").entries(),
            ChatMessage.user("")
                .with("content", Arrays.asList(Map.of("type", "text", "text", "x"), 1.5f, null))
                .entries()));
    assertEquals("", ChatMessage.calling(ToolCall.of("warm", Map.of())).content());
  }

  @Test
  void whatNoTemplateTakesIsRefusedByName() {
    ChatTemplate template = ChatTemplate.of("{{ x }}", TOKENS);
    Map<String, Map<String, Object>> wrong =
        Map.of(
            "java.lang.Object", Map.of("x", List.of(new Object())),
            "not 7", Map.of("x", Map.of(7, 8)),
            "'tools'", Map.of("tools", List.of("warm")),
            "'documents'", Map.of("documents", Map.of()));
    wrong.forEach(
        (reason, more) -> {
          UsageException e =
              assertThrows(UsageException.class, () -> template.render(HELLO, true, more));
          assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
        });
    assertThrows(UsageException.class, () -> template.prompt(List.of()));
    assertThrows(UsageException.class, () -> new ChatMessage(Map.of("role", "user")));
    assertThrows(UsageException.class, () -> new ChatMessage(Map.of("role", 1, "content", "")));
    assertThrows(UsageException.class, () -> TemplateValues.parse("{"));
    assertThrows(UsageException.class, () -> TemplateValues.parse(""));
  }

  @Test
  void aConversationWithToolsTakesTheTemplateForTools() throws IOException {
    Path config = directory.resolve("tokenizer_config.json");
    Files.writeString(
        config,
        """
        {"chat_template": [{"name": "default", "template": "usual"},
                           {"name": "tool_use", "template": "tools"}]}
        """);
    assertEquals("usual", ChatTemplate.read(directory).prompt(HELLO));
    assertEquals("tools", ChatTemplate.readForTools(directory).prompt(HELLO));
    Files.writeString(directory.resolve("chat_template.jinja"), "usual file");
    assertEquals("usual file", ChatTemplate.readForTools(directory).prompt(HELLO));
    Path more = Files.createDirectory(directory.resolve("additional_chat_templates"));
    Files.writeString(more.resolve("tool_use.jinja"), "tools' file");
    assertEquals("tools' file", ChatTemplate.readForTools(directory).prompt(HELLO));
    assertEquals("usual file", ChatTemplate.read(directory).prompt(HELLO));
    Files.delete(directory.resolve("chat_template.jinja"));
    Files.delete(more.resolve("tool_use.jinja"));
    Files.writeString(config, "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"x\"}]}");
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> ChatTemplate.read(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("[rag]"), e.getMessage());
  }

  private static String write(String template) {
    return ChatTemplate.of(template, TOKENS).prompt(HELLO);
  }

  @Test
  void theDateComesFromTheClock() {
    Clock clock = Clock.fixed(Instant.parse("2024-07-04T15:06:07Z"), ZoneOffset.UTC);
    ChatTemplate template =
        ChatTemplate.of("{{ strftime_now('%d %b %Y, %A %H:%M:%S %%') }}", TOKENS).at(clock);
    assertEquals("04 Jul 2024, Thursday 15:06:07 %", template.prompt(HELLO));
  }

  @Test
  void aDirectoryHasItInTheTokenizersConfigurationOrInAFileOfItsOwn() throws IOException {
    assertFalse(ChatTemplate.in(directory));
    assertThrows(UsageException.class, () -> ChatTemplate.read(directory));
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        """
        {"bos_token": {"content": "<b>"}, "eos_token": "</b>", "chat_template":
         [{"name": "tool_use", "template": "x"},
          {"name": "default", "template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"}]}
        """);
    assertTrue(ChatTemplate.in(directory));
    assertEquals("<b>hello</b>", ChatTemplate.read(directory).prompt(HELLO));
    Files.writeString(directory.resolve("chat_template.jinja"), "{{ bos_token }}\n{{ 1 }}\n");
    assertEquals("<b>\n1", ChatTemplate.read(directory).prompt(HELLO));
    Files.writeString(directory.resolve("chat_template.jinja"), "a\n{% if %}");
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> ChatTemplate.read(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("line 2"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{",
        "{% if true %}",
        "{% endif %}",
        "{{ 'a }}",
        "{{ 1 + }}",
        "{{ a b }}",
        "{# no end",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{{ 'x' | nosuchfilter }}",
        "{{ 'x' is nosuchtest }}",
        "{{ x.y.z }}",
        "{{ 'x'.getClass() }}",
        "{{ messages.append(1) }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ undefined_function() }}",
        "{{ {[1]: 2} }}",
        "{% break %}",
        "{% set messages.x = 1 %}",
        "{{ 007 }}"
      })
  void aWrongTemplateIsRefusedWithItsLine(String template) {
    TemplateException e = assertThrows(TemplateException.class, () -> write(template));
    assertTrue(String.valueOf(e.getMessage()).contains("line 1"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}"
            + "{% endfor %}{% endfor %}{% endfor %}",
        "{{ range(10 ** 15) }}",
        "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{%"
            + " endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{%"
            + " endfor %}{{ ns.x }}",
        "{% set a = namespace(x=[1]) %}{% set b = namespace(x=[1]) %}{% for i in range(60) %}"
            + "{% set a.x = [a.x, a.x] %}{% set b.x = [b.x, b.x] %}{% endfor %}{{ a.x == b.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{%"
            + " endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor"
            + " %}{{ ns.x }}",
        "{{ 'a' * 10 ** 12 }}",
        "{{ 'aaaaaaaaaa' * 1000000 | replace('a',"
            + " 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set s = 'a' * 1000000 %}{% for i in range(1000000) %}{{ s[999999] }}{% endfor %}",
        "{{ 'a\\nb' | indent(10 ** 14) }}"
      })
  void aTemplateThatWantsTooMuchIsStopped(String template) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> assertThrows(TemplateException.class, () -> write(template)));
  }

  @Test
  void deepNestingIsAnErrorAndNoStackOverflow() {
    for (String deep :
        List.of(
            "{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}",
            "{{ " + "-".repeat(50_000) + "1 }}",
            "{{ " + "not ".repeat(50_000) + "1 }}",
            "{% if 1 %}".repeat(50_000),
            "{{ 1" + " + 1".repeat(100_000) + " }}",
            "{{ x" + ".y".repeat(100_000) + " }}")) {
      assertThrows(TemplateException.class, () -> write(deep));
    }
  }
}
