package org.attention4j.models.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.attention4j.error.Count;
import org.attention4j.models.finetune.Objective;

/** The page that fine-tuning leaves, from its {@code report.json}. */
public final class FineTuningReport {
  private final JsonNode json;
  private final int shown;

  /**
   * About one run.
   *
   * @param shown texts at most
   */
  public FineTuningReport(JsonNode json, int shown) {
    this.json = json;
    this.shown = shown;
  }

  /**
   * Writes the page.
   *
   * @throws org.attention4j.error.StorageException if it cannot be written
   */
  public void write(Path file) {
    HtmlPage page = new HtmlPage("attention4j: fine-tuning", "en");
    page.lead(
        String.format(
            Locale.ROOT,
            "%s from %s on %s: %,d of %,d parameters learned, %s, %.1f ms a step.",
            json.path("objective").asText(),
            json.path("from").asText(),
            json.path("data").asText(),
            json.path("trained_parameters").asLong(),
            json.path("parameters").asLong(),
            Count.of(json.path("steps").asLong(), "step"),
            json.path("milliseconds_per_step").asDouble()));
    curve(page);
    if (json.has("after")) {
      new ScoreTables(json.path("before"), json.path("after")).addTo(page, shown);
    }
    page.write(file);
  }

  private void curve(HtmlPage page) {
    boolean numbers = json.path("objective").asText().equals(Objective.REGRESS.label());
    String unit = numbers ? "squared units of the label" : "nats";
    List<Double> steps = new ArrayList<>();
    List<Double> training = new ArrayList<>();
    List<Double> validation = new ArrayList<>();
    for (JsonNode entry : json.path("losses")) {
      steps.add(entry.path("step").asDouble());
      training.add(entry.path("training").asDouble());
      validation.add(entry.path("validation").asDouble());
    }
    page.heading("Loss")
        .figure(
            LineChart.of(
                "Loss over steps",
                "steps",
                "loss, " + unit,
                List.of(
                    new LineChart.Curve("training", "first", steps, training),
                    new LineChart.Curve("validation", "second", steps, validation))),
            String.format(
                Locale.ROOT,
                "Mean loss of a target, in %s; whole validation part: %.4f.",
                unit,
                json.path("whole_validation_loss").asDouble()));
  }
}
