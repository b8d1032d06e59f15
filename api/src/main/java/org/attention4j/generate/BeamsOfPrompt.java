package org.attention4j.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import org.attention4j.generate.BeamSearch.Continuation;
import org.attention4j.generate.Generation.End;
import org.jspecify.annotations.Nullable;

/** The open and the ended texts of one prompt in a beam search. */
final class BeamsOfPrompt {

  /** An open text. */
  static final class Beam {
    final long[] tokens;

    /** Of the log-probabilities of the new tokens. */
    final double sum;

    /** Which of the beams before it continues. */
    final int parent;

    Beam(long[] tokens, double sum, int parent) {
      this.tokens = tokens;
      this.sum = sum;
      this.parent = parent;
    }
  }

  private record Ended(List<Long> tokens, double score, End end) {}

  private final GenerationOptions options;
  private final Beams beams;
  private final int prompt;
  private final int limit;
  private final long[] start;
  private List<Beam> running;
  private final List<Ended> ended = new ArrayList<>(); // the best first
  private boolean done;

  BeamsOfPrompt(long[] prompt, GenerationOptions options) {
    this.options = options;
    this.beams = options.beams();
    this.prompt = prompt.length;
    this.start = prompt;
    this.limit = options.ending().limit(prompt.length);
    this.running = List.of(new Beam(prompt, 0, 0));
  }

  int prompt() {
    return prompt;
  }

  int limit() {
    return limit;
  }

  List<Beam> running() {
    return running;
  }

  boolean done() {
    return done;
  }

  /** Goes on with the best continuations that do not end, and keeps the best that do. */
  void advance(List<Continuation> continuations) {
    List<Beam> next = new ArrayList<>();
    List<Ended> fresh = new ArrayList<>();
    int drawn = running.get(0).tokens.length + 1 - prompt;
    for (int i = 0; i < continuations.size(); i++) {
      Continuation continuation = continuations.get(i);
      long[] before = running.get(continuation.beam()).tokens;
      long[] tokens = Arrays.copyOf(before, before.length + 1);
      tokens[before.length] = continuation.token();
      End end = end(tokens, drawn);
      if (end == null) {
        next.add(new Beam(tokens, continuation.sum(), continuation.beam()));
      } else if (i < beams.count()) { // the others only stand in for those that end
        fresh.add(new Ended(drawn(tokens), penalised(continuation.sum(), drawn), end));
      }
    }
    next.sort(Comparator.comparingDouble(beam -> -beam.sum));
    running = List.copyOf(next.subList(0, Math.min(beams.count(), next.size())));
    ended.addAll(fresh);
    ended.sort(Comparator.comparingDouble(text -> -text.score()));
    while (ended.size() > beams.count()) {
      ended.remove(beams.count());
    }
    done = running.isEmpty() || (ended.size() == beams.count() && enough(drawn));
  }

  private @Nullable End end(long[] tokens, int drawn) {
    Ending ending = options.ending();
    if (ending.stopTokens().contains(tokens[tokens.length - 1])) {
      return End.STOP_TOKEN;
    }
    if (ending.rule().ends(tokens, prompt)) {
      return End.STOP_RULE;
    }
    Language language = options.constraints().language();
    if (language != null && language.isOver(tokens, prompt, limit - drawn)) {
      return End.WHOLE;
    }
    if (drawn >= limit) {
      return limit < ending.maxNewTokens() ? End.CONTEXT : End.LENGTH;
    }
    return null;
  }

  private List<Long> drawn(long[] tokens) {
    return Arrays.stream(tokens).skip(prompt).boxed().toList();
  }

  private double penalised(double sum, int length) {
    return sum / Math.pow(length, beams.lengthPenalty());
  }

  private boolean enough(int drawn) {
    boolean grows = beams.end() == Beams.End.NEVER_BETTER && beams.lengthPenalty() > 0;
    double best = penalised(running.get(0).sum, grows ? limit : drawn);
    return beams.end() == Beams.End.FULL || best <= ended.get(beams.count() - 1).score();
  }

  /** The best, ended ones first. */
  List<Generation> told() {
    if (ended.isEmpty()) { // no token was asked for, or none was allowed
      running.forEach(beam -> ended.add(new Ended(drawn(beam.tokens), beam.sum, End.LENGTH)));
    }
    List<Long> given = Arrays.stream(start).boxed().toList();
    return ended.stream()
        .limit(options.sequences())
        .map(
            text ->
                new Generation(given, text.tokens(), text.end(), OptionalDouble.of(text.score())))
        .toList();
  }
}
