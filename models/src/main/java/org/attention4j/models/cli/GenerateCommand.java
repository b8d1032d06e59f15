package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.models.data.TextFile;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.ChatMessage;
import org.attention4j.models.text.GeneratedText;
import org.attention4j.models.text.TemplateValues;
import org.attention4j.models.text.TextGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "generate",
    sortOptions = false,
    description = {
      "Continue a text, answer in a conversation, or translate if the model is an encoder-decoder.",
      "The same seed gives the same text on every run; temperature 0 takes the most probable token."
    })
final class GenerateCommand implements Callable<Integer> {

  @Mixin private AdaptedSource from = new AdaptedSource();

  @Option(names = "--prompt", paramLabel = "TEXT", description = "Text to continue or translate.")
  private @Nullable String prompt;

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description = "A prompt on each line; they are run as one batch.")
  private @Nullable Path prompts;

  @Option(
      names = "--chat",
      description = "The prompt is what a user says: write it with the model's chat template.")
  private boolean chat;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "What the model is told before a conversation.")
  private @Nullable String system;

  @Option(
      names = "--messages",
      paramLabel = "FILE",
      description =
          "A conversation to answer: a JSON object with a list 'messages' of objects with 'role'"
              + " and 'content'. Other entries, such as 'tools', go to the model's template.")
  private @Nullable Path messages;

  @Mixin private GenerationFlags flags = new GenerationFlags();
  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    long ways =
        List.of(prompt != null, prompts != null, messages != null).stream().filter(b -> b).count();
    if (ways != 1) {
      throw new UsageException("give one of --prompt, --prompts and --messages");
    }
    if (prompts != null && (chat || system != null)) {
      throw new UsageException("--chat answers one --prompt, or --messages");
    }
    try (TextGenerator generator =
        TextGenerator.open(from.open(), engine.engine(), engine.session(), prompts != null)) {
      common.progress(generator.description());
      run(generator);
    }
    return Failures.DONE;
  }

  private void run(TextGenerator generator) {
    List<String> texts = prompts == null ? List.of(prompt == null ? "" : prompt) : lines(prompts);
    boolean answers = chat || system != null || messages != null;
    GenerationOptions options =
        flags.options(
            generator.defaults(GenerationFlags.TOKENS, answers ? List.of() : texts),
            generator::stopAt);
    boolean streams = texts.size() == 1 && options.sequences() == 1 && options.beams().count() == 1;
    long before = System.nanoTime();
    List<GeneratedText> results;
    if (answers) {
      results = List.of(generator.chat(conversation(), more(), options, common::stream));
      common.say("");
    } else if (streams) {
      common.stream(generator.continues() ? texts.get(0) : "");
      results = List.of(generator.generate(texts.get(0), options, common::stream));
      common.say("");
    } else {
      results = generator.generate(texts, options);
      results.forEach(r -> common.say((generator.continues() ? r.prompt() : "") + r.text()));
    }
    report(generator, results, (System.nanoTime() - before) / 1e9);
  }

  private static List<String> lines(Path file) {
    List<String> lines = TextFile.read(file).lines().filter(line -> !line.isBlank()).toList();
    if (lines.isEmpty()) {
      throw new UsageException(file + " holds no prompt");
    }
    return lines;
  }

  private List<ChatMessage> conversation() {
    List<ChatMessage> turns = new ArrayList<>();
    if (system != null) {
      turns.add(ChatMessage.system(system));
    }
    if (messages == null) {
      turns.add(ChatMessage.user(prompt == null ? "" : prompt));
      return turns;
    }
    for (JsonNode turn : JsonFile.read(messages).path("messages")) {
      if (!turn.path("role").isTextual() || !turn.path("content").isTextual()) {
        throw new FileFormatException(
            messages, "a message is an object with the texts 'role' and 'content', not " + turn);
      }
      turns.add(new ChatMessage(turn.path("role").asText(), turn.path("content").asText()));
    }
    if (turns.isEmpty()) {
      throw new FileFormatException(messages, "has no list 'messages', or an empty one");
    }
    return turns;
  }

  /** What a template may know besides the messages: tools, whether to think, and the like. */
  private Map<String, Object> more() {
    return messages == null
        ? Map.of()
        : TemplateValues.of(JsonFile.read(messages).without(List.of("messages")));
  }

  private void report(TextGenerator generator, List<GeneratedText> results, double seconds) {
    int tokens = results.stream().mapToInt(r -> r.generation().tokens().size()).sum();
    double rate = tokens / seconds;
    GeneratedText first = results.get(0);
    common.progress(
        String.format(
            Locale.ROOT,
            "%d tokens in %.2f s, %.0f a second; end: %s",
            tokens,
            seconds,
            rate,
            first.generation().end()));
    ObjectNode json = json(first);
    json.put("tokens_per_second", rate).put("engine", generator.description());
    ArrayNode all = json.putArray("texts");
    results.forEach(result -> all.add(json(result)));
    common.result(json);
  }

  private static ObjectNode json(GeneratedText result) {
    ObjectNode json = JsonFile.object();
    json.put("prompt", result.prompt())
        .put("text", result.text())
        .put("end", result.generation().end().name());
    result.generation().score().ifPresent(score -> json.put("score", score));
    json.set("tokens", JsonFile.tree(result.generation().tokens()));
    return json;
  }
}
