package org.attention4j.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.attention4j.generate.Ending.WhenFull;
import org.attention4j.generate.Generation.End;
import org.jspecify.annotations.Nullable;

/** Texts that are drawn token by token, each with random numbers of its own. */
final class Draws {
  private final GenerationOptions options;
  private final Constrainer constrainer;
  private final TokenListener listener;

  Draws(GenerationOptions options, TokenListener listener) {
    this.options = options;
    this.constrainer = new Constrainer(options.constraints(), options.ending().stopTokens());
    this.listener = listener;
  }

  /** One text on its way. */
  private static final class Text {
    private final int number;
    private final TokenSampler sampler;
    private final int prompt;
    private long[] tokens;
    private double logProbability; // of all that was drawn
    private @Nullable End end;

    Text(int number, long[] prompt, Sampling sampling) {
      this.number = number;
      this.sampler = new TokenSampler(sampling.withSeed(sampling.seed() + number));
      this.prompt = prompt.length;
      this.tokens = prompt;
    }

    Generation told(boolean scored) {
      List<Long> all = Arrays.stream(tokens).boxed().toList();
      int drawn = tokens.length - prompt;
      return new Generation(
          all.subList(0, prompt),
          all.subList(prompt, all.size()),
          end == null ? End.LENGTH : end,
          scored && drawn > 0 ? OptionalDouble.of(logProbability / drawn) : OptionalDouble.empty());
    }
  }

  List<Generation> run(List<long[]> prompts, Steps steps) {
    List<Text> texts = new ArrayList<>();
    List<Integer> rows = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      for (int n = 0; n < options.sequences(); n++) {
        texts.add(new Text(texts.size(), prompts.get(p), options.sampling()));
        rows.add(p);
      }
    }
    if (options.ending().maxNewTokens() > 0) {
      draw(prompts, texts, rows, steps);
    }
    return texts.stream().map(text -> text.told(options.scored())).toList();
  }

  /**
   * Draws until every text has ended.
   *
   * @param rows of the logits, for each open text
   */
  private void draw(List<long[]> prompts, List<Text> texts, List<Integer> rows, Steps steps) {
    List<Text> open = texts;
    List<Integer> from = rows;
    List<long[]> sequences = prompts;
    while (!open.isEmpty()) {
      double[][] logits = steps.logits(sequences);
      List<Text> left = new ArrayList<>();
      List<Integer> kept = new ArrayList<>();
      for (int i = 0; i < open.size(); i++) {
        Text text = open.get(i);
        append(text, logits[from.get(i)].clone());
        if (text.end == null) {
          left.add(text);
          kept.add(from.get(i));
        }
      }
      if (!left.isEmpty()) {
        steps.select(kept.stream().mapToInt(row -> row).toArray(), logits.length);
      }
      open = left;
      sequences = left.stream().map(text -> text.tokens).toList();
      from = IntStream.range(0, left.size()).boxed().toList();
    }
  }

  private void append(Text text, double[] logits) {
    Ending ending = options.ending();
    constrainer.apply(logits, text.tokens, text.prompt, ending.limit(text.prompt));
    int token = text.sampler.next(logits);
    if (options.scored()) {
      text.logProbability += text.sampler.logProbability(logits, token);
    }
    int before = text.tokens.length;
    text.tokens = Arrays.copyOf(text.tokens, before + 1);
    text.tokens[before] = token;
    if (!listener.drawn(text.number, token)) {
      text.end = End.LISTENER;
    } else if (ending.stopTokens().contains((long) token)) {
      text.end = End.STOP_TOKEN;
    } else if (ending.rule().ends(text.tokens, text.prompt)) {
      text.end = End.STOP_RULE;
    } else if (before >= ending.context() && ending.whenFull() == WhenFull.STOP) {
      text.end = End.CONTEXT;
    } else if (before + 1 - text.prompt >= ending.maxNewTokens()) {
      text.end = End.LENGTH;
    }
  }
}
