package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.MaskFiller;
import org.attention4j.models.text.MaskFiller.Guess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "fill-mask",
    sortOptions = false,
    description = {
      "Guess the tokens behind the masks of a text; <mask> and [MASK] both mean the model's mask.",
      "Each line of the output is a score, the token, and the text with it, with tabs between;"
          + " before them the number of the mask, from 1, if there are several."
    })
final class FillMaskCommand implements Callable<Integer> {
  @Mixin private SourceOption from = new SourceOption();

  @Option(
      names = "--text",
      paramLabel = "TEXT",
      required = true,
      description = "A text with at least one mask.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private String text;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "5",
      description = "How many guesses for each mask. Default: ${DEFAULT-VALUE}.")
  private int top = 5;

  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (top < 1) {
      throw new UsageException("--top is 1 or more, not " + top);
    }
    try (MaskFiller filler = MaskFiller.open(from.path(), engine.engine(), engine.session())) {
      common.progress(filler.description());
      List<List<Guess>> masks = filler.fill(text, top);
      ObjectNode json = JsonFile.object();
      json.put("text", text);
      ArrayNode all = json.putArray("masks");
      for (int i = 0; i < masks.size(); i++) {
        ArrayNode guesses = all.addArray();
        for (Guess guess : masks.get(i)) {
          guesses
              .addObject()
              .put("token", guess.token())
              .put("token_text", guess.text())
              .put("score", guess.score())
              .put("sequence", guess.sequence());
          common.say(
              (masks.size() == 1 ? "" : i + 1 + "\t")
                  + String.format(
                      Locale.ROOT, "%.6f\t%s\t%s", guess.score(), guess.text(), guess.sequence()));
        }
      }
      json.put("engine", filler.description());
      common.result(json);
    }
    return Failures.DONE;
  }
}
