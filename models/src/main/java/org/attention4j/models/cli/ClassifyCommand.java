package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.models.input.ImageClassifier;
import org.attention4j.models.input.RgbImage;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.TextClassifier;
import org.attention4j.models.text.TextClassifier.Scored;
import org.attention4j.models.text.TextPair;
import org.attention4j.models.text.TokenClassifier;
import org.attention4j.models.text.TokenClassifier.Entity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "classify",
    sortOptions = false,
    description = {
      "Tell which class each line of text belongs to; a tab separates the two texts of a pair. With"
          + " --image tell what is on pictures.",
      "Each line of the output is a class, its score, and the text, with tabs between. With --task"
          + " tokens it is what was found: class, score, first and last code point, its text, and"
          + " the line it is in, counted from 0. With --image it is class, score and file."
    })
final class ClassifyCommand implements Callable<Integer> {
  private enum Kind {
    TEXTS,
    TOKENS
  }

  @Mixin private SourceOption from = new SourceOption();
  @Mixin private TextInput input = new TextInput();

  @Option(
      names = "--image",
      paramLabel = "FILE",
      arity = "1..*",
      description = "Pictures instead of texts, in PNG, JPEG or another format that Java reads.")
  private List<Path> images = List.of();

  @Option(
      names = "--task",
      paramLabel = "KIND",
      defaultValue = "texts",
      description =
          "texts for a class of each text, tokens for names and the like within them. Default:"
              + " ${DEFAULT-VALUE}.")
  private Kind task = Kind.TEXTS;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "1",
      description =
          "How many classes of each text or picture, the likeliest first. Default: ${DEFAULT-VALUE}.")
  private int top = 1;

  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (top < 1) {
      throw new UsageException("--top is 1 or more, not " + top);
    }
    if (!images.isEmpty()) {
      pictures();
      return Failures.DONE;
    }
    input.check();
    if (task == Kind.TOKENS) {
      tokens();
    } else {
      texts();
    }
    return Failures.DONE;
  }

  private void pictures() {
    if (task == Kind.TOKENS || input.given()) {
      throw new UsageException("--image is for pictures; leave out --input and --task");
    }
    input.batch();
    images.forEach(RgbImage::check);
    try (ImageClassifier classifier =
        ImageClassifier.open(from.path(), engine.engine(), engine.session())) {
      common.progress(classifier.description());
      ObjectNode json = JsonFile.object();
      ArrayNode all = json.putArray("images");
      for (int first = 0; first < images.size(); first += input.batch()) {
        List<Path> some = images.subList(first, Math.min(images.size(), first + input.batch()));
        List<List<ImageClassifier.Scored>> results =
            classifier.classify(some.stream().map(RgbImage::read).toList());
        for (int i = 0; i < some.size(); i++) {
          picture(all.addObject().put("index", first + i), some.get(i), results.get(i));
        }
      }
      json.put("engine", classifier.description());
      common.result(json);
    }
  }

  private void picture(ObjectNode entry, Path file, List<ImageClassifier.Scored> classes) {
    ArrayNode labels = entry.put("image", file.toString()).putArray("labels");
    for (ImageClassifier.Scored scored : classes.stream().limit(top).toList()) {
      labels.addObject().put("label", scored.label()).put("score", scored.score());
      common.say(String.format(Locale.ROOT, "%s\t%.6f\t%s", scored.label(), scored.score(), file));
    }
  }

  private void texts() {
    try (TextClassifier classifier =
        TextClassifier.open(from.path(), engine.engine(), engine.session())) {
      common.progress(classifier.description());
      List<String> lines = input.lines();
      List<List<Scored>> results =
          classifier.classifyPairs(
              lines.stream().map(ClassifyCommand::pair).toList(), input.batch());
      ObjectNode json = JsonFile.object();
      ArrayNode all = json.putArray("texts");
      for (int i = 0; i < lines.size(); i++) {
        String text = lines.get(i);
        ObjectNode entry = all.addObject().put("index", i).put("text", text);
        ArrayNode labels = entry.putArray("labels");
        for (Scored scored : results.get(i).stream().limit(top).toList()) {
          labels.addObject().put("label", scored.label()).put("score", scored.score());
          common.say(
              String.format(Locale.ROOT, "%s\t%.6f\t%s", scored.label(), scored.score(), text));
        }
      }
      end(json, classifier.truncated(), classifier.description());
    }
  }

  private static TextPair pair(String line) {
    int tab = line.indexOf('\t');
    return tab < 0
        ? TextPair.of(line)
        : TextPair.of(line.substring(0, tab), line.substring(tab + 1));
  }

  private void tokens() {
    try (TokenClassifier classifier =
        TokenClassifier.open(from.path(), engine.engine(), engine.session())) {
      common.progress(classifier.description());
      List<String> lines = input.lines();
      List<List<Entity>> results = classifier.find(lines, input.batch());
      ObjectNode json = JsonFile.object();
      ArrayNode all = json.putArray("texts");
      for (int i = 0; i < lines.size(); i++) {
        ObjectNode entry = all.addObject().put("index", i).put("text", lines.get(i));
        ArrayNode entities = entry.putArray("entities");
        for (Entity e : results.get(i)) {
          entities
              .addObject()
              .put("label", e.label())
              .put("text", e.text())
              .put("start", e.start())
              .put("end", e.end())
              .put("score", e.score());
          common.say(
              String.format(
                  Locale.ROOT,
                  "%s\t%.6f\t%d\t%d\t%s\t%d",
                  e.label(),
                  e.score(),
                  e.start(),
                  e.end(),
                  e.text(),
                  i));
        }
      }
      end(json, classifier.truncated(), classifier.description());
    }
  }

  private void end(ObjectNode json, long truncated, String description) {
    if (truncated > 0) {
      common.progress(TextInput.cut(truncated, ""));
    }
    json.put("truncated", truncated).put("engine", description);
    common.result(json);
  }
}
