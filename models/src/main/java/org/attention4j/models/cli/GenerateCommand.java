package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.attention4j.error.Count;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation.Drafted;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.models.data.TextFile;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.GeneratedText;
import org.attention4j.models.text.TextDraft;
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
      "The same seed gives the same text on every run; temperature 0 takes the most probable token.",
      "Options that are not given come from the directory's generation_config.json."
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

  @Mixin private ConversationFlags conversation = new ConversationFlags();
  @Mixin private GenerationFlags flags = new GenerationFlags();
  @Mixin private GrammarFlags grammar = new GrammarFlags();
  @Mixin private DraftFlags drafts = new DraftFlags();
  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    long ways =
        Stream.of(prompt != null, prompts != null, conversation.hasFile()).filter(b -> b).count();
    if (ways != 1) {
      throw new UsageException("give one of --prompt, --prompts and --messages");
    }
    if (prompts != null && conversation.wanted()) {
      throw new UsageException("--chat answers one --prompt, or --messages");
    }
    conversation.check();
    List<String> texts = prompts == null ? List.of(prompt == null ? "" : prompt) : lines(prompts);
    try (TextGenerator generator = open(drafts.draft())) {
      common.progress(generator.description());
      run(generator, texts);
    }
    return Failures.DONE;
  }

  private TextGenerator open(@Nullable TextDraft draft) {
    return draft == null
        ? TextGenerator.open(from.open(), engine.engine(), engine.session(), prompts != null)
        : TextGenerator.open(from.open(), engine.engine(), engine.session(), draft);
  }

  private void run(TextGenerator generator, List<String> texts) {
    boolean answers = conversation.wanted();
    GenerationOptions options =
        flags.options(
            generator.defaults(GenerationFlags.TOKENS, answers ? List.of() : texts),
            generator::stopAt);
    options = grammar.within(options, generator);
    boolean streams = texts.size() == 1 && options.sequences() == 1 && options.beams().count() == 1;
    long before = System.nanoTime();
    List<GeneratedText> results;
    if (answers) {
      results =
          List.of(
              generator.chat(
                  conversation.turns(prompt), conversation.more(), options, common::stream));
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

  private void report(TextGenerator generator, List<GeneratedText> results, double seconds) {
    int tokens = results.stream().mapToInt(r -> r.generation().tokens().size()).sum();
    double rate = tokens / seconds;
    GeneratedText first = results.get(0);
    common.progress(
        String.format(
            Locale.ROOT,
            "%s in %.2f s, %.0f a second; end: %s",
            Count.of(tokens, "token"),
            seconds,
            rate,
            first.generation().end()));
    Drafted drafted = first.generation().drafted();
    if (drafted != null) {
      common.progress(
          String.format(
              Locale.ROOT,
              "draft: %d of %d guessed tokens accepted (%.0f %%), %d passes of the model",
              drafted.accepted(),
              drafted.proposed(),
              100 * drafted.share(),
              drafted.passes()));
    }
    ObjectNode json = json(generator, first);
    json.put("tokens_per_second", rate).put("engine", generator.description());
    ArrayNode all = json.putArray("texts");
    results.forEach(result -> all.add(json(generator, result)));
    common.result(json);
  }

  private static ObjectNode json(TextGenerator generator, GeneratedText result) {
    ObjectNode json = JsonFile.object();
    json.put("prompt", result.prompt())
        .put("text", result.text())
        .put("text_with_special_tokens", generator.withSpecialTokens(result))
        .put("end", result.generation().end().name());
    result.generation().score().ifPresent(score -> json.put("score", score));
    Drafted drafted = result.generation().drafted();
    if (drafted != null) {
      json.putObject("draft")
          .put("proposed", drafted.proposed())
          .put("accepted", drafted.accepted())
          .put("accepted_share", drafted.share())
          .put("passes", drafted.passes());
    }
    json.set("tokens", JsonFile.tree(result.generation().tokens()));
    return json;
  }
}
