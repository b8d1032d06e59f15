package org.attention4j.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Texts that are drawn token by token, each with random numbers of its own. */
final class Draws {
  private final GenerationOptions options;
  private final TokenListener listener;

  Draws(GenerationOptions options, TokenListener listener) {
    this.options = options;
    this.listener = listener;
  }

  List<Generation> run(List<long[]> prompts, Steps steps) {
    List<DrawnText> texts = new ArrayList<>();
    List<Integer> rows = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      for (int n = 0; n < options.sequences(); n++) {
        texts.add(new DrawnText(texts.size(), prompts.get(p), options, listener));
        rows.add(p);
      }
    }
    if (options.ending().maxNewTokens() > 0) {
      draw(prompts, texts, rows, steps);
    }
    return texts.stream().map(text -> text.told(null)).toList();
  }

  /**
   * Draws until every text has ended.
   *
   * @param rows of the logits, for each open text
   */
  private static void draw(
      List<long[]> prompts, List<DrawnText> texts, List<Integer> rows, Steps steps) {
    List<DrawnText> open = texts;
    List<Integer> from = rows;
    List<long[]> sequences = prompts;
    while (!open.isEmpty()) {
      double[][] logits = steps.logits(sequences);
      List<DrawnText> left = new ArrayList<>();
      List<Integer> kept = new ArrayList<>();
      for (int i = 0; i < open.size(); i++) {
        DrawnText text = open.get(i);
        text.draw(logits[from.get(i)].clone());
        if (!text.ended()) {
          left.add(text);
          kept.add(from.get(i));
        }
      }
      if (!left.isEmpty()) {
        steps.select(kept.stream().mapToInt(row -> row).toArray(), logits.length);
      }
      open = left;
      sequences = left.stream().map(DrawnText::tokens).toList();
      from = IntStream.range(0, left.size()).boxed().toList();
    }
  }
}
