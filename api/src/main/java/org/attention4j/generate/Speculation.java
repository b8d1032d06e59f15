package org.attention4j.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation.Drafted;
import org.attention4j.generate.Steps.Feed;
import org.attention4j.spi.Session;
import org.attention4j.tensor.HostTensor;

/**
 * Texts that are drawn several tokens at a time: a draft is guessed, one pass of the model tells
 * the logits after each of its tokens, and the tokens are taken as far as {@link Acceptance} goes
 * (Leviathan et al. 2023, algorithm 1). The texts of a batch come one after the other.
 */
final class Speculation {
  private final Session session;
  private final Feed feed;
  private final Drafts drafts;
  private final GenerationOptions options;
  private final TokenListener listener;
  private int vocabulary;

  Speculation(
      Session session,
      Feed feed,
      Drafts drafts,
      GenerationOptions options,
      TokenListener listener) {
    this.session = session;
    this.feed = feed;
    this.drafts = drafts;
    this.options = options;
    this.listener = listener;
    if (options.beams().count() > 1) {
      throw new UsageException("drafts are for single texts, not for a search with beams");
    }
    if (!options.cached()) {
      throw new UsageException("drafts need the cache, which takes back what was guessed wrongly");
    }
  }

  List<Generation> run(List<long[]> prompts, Map<String, HostTensor> source) {
    List<Generation> told = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      Map<String, HostTensor> own = new LinkedHashMap<>();
      for (Map.Entry<String, HostTensor> input : source.entrySet()) {
        own.put(input.getKey(), Steps.rows(input.getValue(), new int[] {p}));
      }
      for (int n = 0; n < options.sequences(); n++) {
        told.add(one(prompts.get(p), own, told.size()));
      }
    }
    return told;
  }

  private Generation one(long[] prompt, Map<String, HostTensor> source, int number) {
    DrawnText text = new DrawnText(number, prompt, options, listener);
    int[] count = new int[3]; // proposed, accepted, passes
    if (options.ending().maxNewTokens() > 0) {
      try (Steps steps = new Steps(session, feed, source, options);
          Drafter drafter = drafts.begin(feed, source, options, number)) {
        while (!text.ended()) {
          pass(text, prompt.length, steps, drafter, count);
        }
      }
    }
    return text.told(new Drafted(count[0], count[1], count[2]));
  }

  private void pass(DrawnText text, int prompt, Steps steps, Drafter drafter, int[] count) {
    int before = text.tokens().length;
    int limit = options.ending().limit(prompt);
    // one token more than is guessed comes from each pass, and the context bounds what is read
    int room = Math.min(text.room() - 1, options.ending().context() - before);
    int guessed = Math.min(drafts.tokens(), room);
    boolean begun = count[2]++ > 0; // the first pass tells the vocabulary
    Draft draft =
        begun && guessed > 0 ? drafter.propose(text.tokens(), prompt, limit, guessed) : Draft.NONE;
    check(draft.vocabulary());
    if (before > options.ending().context()) { // a text that slides
      text.draw(steps.logits(List.of(text.tokens()))[0]);
      return;
    }
    double[][] logits = steps.last(with(text.tokens(), draft), draft.tokens().size() + 1);
    vocabulary = logits[0].length;
    count[0] += draft.tokens().size();
    for (int i = 0; i < draft.tokens().size(); i++) {
      text.constrain(logits[i]);
      int guess = Math.toIntExact(draft.tokens().get(i));
      double[] chances = draft.chances().get(i);
      int token = Acceptance.next(text.sampler(), logits[i], guess, chances);
      text.append(token, logits[i]);
      if (token != guess) {
        steps.keep(text.tokens().length - 1); // the new token is not yet read
        return;
      }
      count[1]++;
      if (text.ended()) {
        return;
      }
    }
    text.draw(logits[draft.tokens().size()]);
  }

  private void check(int drafted) {
    if (drafted > 0 && drafted != vocabulary) {
      throw new UsageException(
          "the draft's model has a vocabulary of "
              + drafted
              + " tokens, the model one of "
              + vocabulary
              + "; they must be the same");
    }
  }

  private static long[] with(long[] text, Draft draft) {
    long[] grown = Arrays.copyOf(text, text.length + draft.tokens().size());
    for (int i = 0; i < draft.tokens().size(); i++) {
      grown[text.length + i] = draft.tokens().get(i);
    }
    return grown;
  }
}
