package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.error.Count;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.GeneratedText;
import org.attention4j.models.text.Translator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "translate",
    sortOptions = false,
    description = {
      "Translate, summarise or rewrite each line of text with an encoder-decoder.",
      "Options that are not given come from the directory's generation_config.json. Each line of"
          + " the output is a translation, in the order of the input."
    })
final class TranslateCommand implements Callable<Integer> {
  @Mixin private SourceOption from = new SourceOption();
  @Mixin private TextInput input = new TextInput();

  @Option(
      names = "--task",
      paramLabel = "NAME",
      description =
          "Use the prefix and the options that config.json has for a task, such as"
              + " translation_en_to_de or summarization.")
  private @Nullable String task;

  @Option(
      names = "--prefix",
      paramLabel = "TEXT",
      description =
          "Put this before each text, such as 'translate English to German: ' for T5. Default: that"
              + " of the task, or none.")
  private @Nullable String prefix;

  @Mixin private GenerationFlags flags = new GenerationFlags();
  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    input.check();
    try (Translator translator = Translator.open(from.path(), engine.engine(), engine.session())) {
      common.progress(translator.description());
      Translator.Task wanted =
          task == null ? new Translator.Task("", translator.defaults()) : translator.task(task);
      GenerationOptions options = flags.options(wanted.options(), translator::stopAt);
      String before = prefix == null ? wanted.prefix() : prefix;
      List<String> lines = input.lines();
      ObjectNode json = JsonFile.object();
      ArrayNode all = json.putArray("texts");
      int tokens = 0;
      long start = System.nanoTime();
      int chunk = 16 * input.batch(); // lines that are sorted by length together
      for (int first = 0; first < lines.size(); first += chunk) {
        List<String> some = lines.subList(first, Math.min(lines.size(), first + chunk));
        List<GeneratedText> results = translator.translate(some, before, options, input.batch());
        for (GeneratedText result : results) {
          common.say(result.text().replaceAll("\\R", " ")); // one line each
          all.add(json(result));
          tokens += result.generation().tokens().size();
        }
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      common.progress(
          String.format(
              Locale.ROOT,
              "%s, %s in %.2f s, %.0f a second",
              Count.of(lines.size(), "text"),
              Count.of(tokens, "token"),
              seconds,
              tokens / seconds));
      json.put("tokens_per_second", tokens / seconds).put("engine", translator.description());
      common.result(json);
    }
    return Failures.DONE;
  }

  private static ObjectNode json(GeneratedText result) {
    ObjectNode json = JsonFile.object();
    json.put("source", result.prompt())
        .put("text", result.text())
        .put("end", result.generation().end().name());
    result.generation().score().ifPresent(score -> json.put("score", score));
    json.set("tokens", JsonFile.tree(result.generation().tokens()));
    return json;
  }
}
