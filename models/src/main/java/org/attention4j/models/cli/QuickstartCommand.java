package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.models.data.SpanishSentences;
import org.attention4j.models.data.TextFile;
import org.attention4j.models.report.QuickstartReport;
import org.attention4j.models.run.Quickstart;
import org.attention4j.models.run.WordVectors;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.store.ModelFiles;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "quickstart",
    sortOptions = false,
    description = {
      "Train a small character GPT on PyTorch, export it to ONNX, and compare every engine.",
      "Takes about a minute. Leaves a model, an ONNX file and report.html.",
      "The exit code is 1 if an engine is off by more than 1e-4 or writes another text."
    })
final class QuickstartCommand implements Callable<Integer> {
  private static final int SENTENCES = 4000;
  private static final int PROMPT = 16;

  @Option(
      names = "--corpus",
      paramLabel = "FILE",
      description =
          "UTF-8 text to learn from. Default: Spanish sentences from a small built-in grammar.")
  private @Nullable Path corpus;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "quickstart",
      description = "Directory to write to. Default: ${DEFAULT-VALUE}.")
  private Path out = Path.of("quickstart");

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "600",
      description = "Optimizer steps. Default: ${DEFAULT-VALUE}.")
  private long steps;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of everything random. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    String text = corpus == null ? SpanishSentences.text(SENTENCES, seed) : TextFile.read(corpus);
    String prompt =
        corpus == null ? "el gato " : text.substring(0, Math.min(PROMPT, text.length() / 2));
    Path model = out.resolve(Quickstart.MODEL).resolve(ModelFiles.WEIGHTS);
    return StopNotice.during(
        "the quickstart in " + out,
        () -> OutputDirectory.stoppable(out, model, () -> run(text, prompt)));
  }

  private int run(String text, String prompt) {
    Quickstart.Settings settings =
        new Quickstart.Settings(text, corpus == null, prompt, out, steps, seed);
    Quickstart.Result result;
    try (Progress progress = new Progress(common)) {
      Quickstart quickstart =
          new Quickstart(
              settings,
              progress,
              line -> {
                progress.finish();
                common.progress(line);
              });
      result = quickstart.run();
    }
    Path report = out.resolve("report.html");
    new QuickstartReport(result).write(report);
    show(result, report);
    common.result(json(result, report));
    return result.passed() ? Failures.DONE : Failures.CHECK_FAILED;
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }

  private void show(Quickstart.Result result, Path report) {
    common.say(
        format(
            "%nTrained %,d parameters: validation loss %.3f.%n",
            result.training().weights().parameterCount(), result.training().wholeValidation()));
    common.say(format("%-12s %14s %10s %8s", "engine", "difference", "seconds", ""));
    for (Quickstart.Row row : result.rows()) {
      boolean passed = row.difference() <= Quickstart.TOLERANCE;
      common.say(
          format(
              "%-12s %14.1e %10.1f %8s",
              row.engine(), row.difference(), row.seconds(), passed ? "pass" : "FAIL"));
    }
    common.say(
        format(
            "%-12s %14.1e %10s %8s",
            "ONNX file", result.export().worst(), "", result.export().passed() ? "pass" : "FAIL"));
    result
        .unavailable()
        .forEach((name, reason) -> common.say(name + " cannot run here: " + reason));
    common.say(
        "(largest difference of a logit from plain Java in float64; seconds to open and generate)");
    common.say(
        result.textsAgree()
            ? "\nAll engines write the same text:"
            : "\nThe engines do NOT write the same text:");
    if (result.textsAgree()) {
      common.say(result.settings().prompt() + result.rows().get(0).continuation());
    } else {
      result.rows().forEach(row -> common.say(row.engine() + ": " + row.continuation()));
    }
    WordVectors vectors = result.vectors();
    if (vectors != null) {
      common.say(format("%n%-24s %8s %8s", "cosine", "before", "after"));
      vectors
          .after()
          .forEach(
              (pair, cosine) ->
                  common.say(
                      format(
                          "%-24s %8.2f %8.2f",
                          pair, vectors.before().getOrDefault(pair, Double.NaN), cosine)));
      common.say(
          vectors.holds()
              ? "gato is near perro and far from democracia."
              : "FAILED: gato is not nearer to perro than to democracia.");
    }
    common.say(
        format(
            "%n%s in %.0f s. Report: %s",
            result.passed() ? "Every check passed" : "A check FAILED", result.seconds(), report));
  }

  private static ObjectNode json(Quickstart.Result result, Path report) {
    ObjectNode json = JsonFile.object();
    json.put("passed", result.passed())
        .put("report", report.toString())
        .put("seconds", result.seconds())
        .put("whole_validation_loss", result.training().wholeValidation())
        .put("texts_agree", result.textsAgree())
        .put("prompt", result.settings().prompt());
    ArrayNode rows = json.putArray("engines");
    for (Quickstart.Row row : result.rows()) {
      rows.addObject()
          .put("engine", row.engine())
          .put("description", row.description())
          .put("max_abs_difference", row.difference())
          .put("text", row.continuation())
          .put("seconds", row.seconds());
    }
    WordVectors vectors = result.vectors();
    if (vectors != null) {
      json.set("cosine_before", JsonFile.tree(vectors.before()));
      json.set("cosine_after", JsonFile.tree(vectors.after()));
    }
    return json;
  }
}
