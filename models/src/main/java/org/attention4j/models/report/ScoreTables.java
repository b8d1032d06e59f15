package org.attention4j.models.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What fine-tuning changed on validation examples: scores before and after, and some examples. */
final class ScoreTables {
  /** A number's name for people, and what it is multiplied by. */
  private record Column(String title, double factor) {}

  private static final Map<String, Column> MEASURES = measures();

  private final JsonNode before;
  private final JsonNode after;

  ScoreTables(JsonNode before, JsonNode after) {
    this.before = before;
    this.after = after;
  }

  private static Map<String, Column> measures() {
    Map<String, Column> measures = new LinkedHashMap<>();
    measures.put("bleu", new Column("BLEU", 1));
    measures.put("exact_match", new Column("exact match, %", 100));
    measures.put("precision", new Column("precision, %", 100));
    measures.put("recall", new Column("recall, %", 100));
    measures.put("f1", new Column("F1, %", 100));
    measures.put("accuracy", new Column("accuracy, %", 100));
    measures.put("mean_squared_error", new Column("mean squared error", 1));
    measures.put("pearson", new Column("Pearson's correlation", 1));
    measures.put("reward_margin", new Column("margin of rewards", 1));
    measures.put("chosen_reward", new Column("reward of the chosen", 1));
    measures.put("rejected_reward", new Column("reward of the rejected", 1));
    measures.put("likelier", new Column("the chosen is likelier, %", 100));
    measures.put("perplexity", new Column("perplexity", 1));
    measures.put("teacher_perplexity", new Column("perplexity of the teacher", 1));
    measures.put("divergence", new Column("divergence from the teacher", 1));
    return measures;
  }

  void addTo(HtmlPage page, int shown) {
    List<List<String>> rows = new ArrayList<>();
    MEASURES.forEach(
        (name, column) -> {
          if (after.has(name)) {
            rows.add(
                List.of(
                    column.title,
                    number(before.path(name), column.factor),
                    number(after.path(name), column.factor)));
          }
        });
    rows.add(
        List.of("examples", before.path("examples").asText(), after.path("examples").asText()));
    page.heading("Validation examples").table(List.of("", "before", "after"), rows);
    if (after.has("entities")) {
      kinds(page);
    }
    if (after.has("texts")) {
      texts(page, shown);
    }
  }

  private void kinds(HtmlPage page) {
    Map<String, JsonNode> earlier = new LinkedHashMap<>();
    before.path("entities").forEach(entry -> earlier.put(entry.path("kind").asText(), entry));
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode entry : after.path("entities")) {
      JsonNode start = earlier.get(entry.path("kind").asText());
      rows.add(
          List.of(
              entry.path("kind").asText(),
              entry.path("count").asText(),
              number(entry.path("precision"), 100),
              number(entry.path("recall"), 100),
              start == null ? "" : number(start.path("f1"), 100),
              number(entry.path("f1"), 100)));
    }
    page.table(
        List.of("entities", "count", "precision, %", "recall, %", "F1 before, %", "F1 after, %"),
        rows);
  }

  private void texts(HtmlPage page, int shown) {
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < Math.min(shown, after.path("texts").size()); i++) {
      rows.add(
          List.of(
              after.path("sources").path(i).asText(),
              after.path("references").path(i).asText(),
              before.path("texts").path(i).asText(),
              after.path("texts").path(i).asText()));
    }
    page.table(List.of("source", "reference", "before", "after"), rows);
  }

  private static String number(JsonNode value, double factor) {
    return String.format(Locale.ROOT, "%.2f", factor * value.asDouble());
  }
}
