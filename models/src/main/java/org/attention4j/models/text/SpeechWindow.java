package org.attention4j.models.text;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.generate.TimeStamps;

/**
 * What a window of a long sound turned out to hold, and where the next one begins (Radford et al.
 * 2022, section 3.8): after the last pair of time stamps, as the speech after it is cut off; or
 * after the window, if its text ends with a single stamp or has no pair at all.
 *
 * @param cuts in order
 * @param frames from the beginning of this window to that of the next
 */
record SpeechWindow(List<Cut> cuts, int frames) {
  private static final int FRAMES_OF_A_STAMP = 2; // the encoder halves their number

  /**
   * A part of the tokens.
   *
   * @param start in frames from the beginning of the window
   * @param end likewise
   */
  record Cut(long start, long end, List<Long> tokens) {}

  /**
   * Cuts tokens at pairs of time stamps.
   *
   * @param tokens without the one that ends the text
   * @param frames that the window has of the sound
   */
  static SpeechWindow of(List<Long> tokens, TimeStamps stamps, int frames) {
    int count = tokens.size();
    List<Integer> ends = new ArrayList<>();
    for (int i = 1; i < count; i++) {
      if (stamps.is(tokens.get(i - 1)) && stamps.is(tokens.get(i))) {
        ends.add(i);
      }
    }
    boolean single =
        count >= 2 && stamps.is(tokens.get(count - 1)) && !stamps.is(tokens.get(count - 2));
    if (ends.isEmpty()) {
      return new SpeechWindow(List.of(new Cut(0, end(tokens, stamps, frames), tokens)), frames);
    }
    if (single) {
      ends.add(count);
    }
    List<Cut> cuts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < ends.size(); i++) {
      int to = ends.get(i);
      boolean open = i == ends.size() - 1 && !single; // with the stamp that opens what is cut off
      long start = frame(tokens.get(from), stamps);
      long end = frame(tokens.get(to - 1), stamps);
      cuts.add(new Cut(start, end, tokens.subList(from, open ? to + 1 : to)));
      from = to;
    }
    long next = cuts.get(cuts.size() - 1).end;
    boolean moves = !single && next > 0;
    return new SpeechWindow(cuts, moves ? (int) Math.min(next, Integer.MAX_VALUE) : frames);
  }

  private static long frame(long token, TimeStamps stamps) {
    return (token - stamps.first()) * FRAMES_OF_A_STAMP;
  }

  /** Of a text without a pair: its last time, if it has one but 0, or that of the window. */
  private static long end(List<Long> tokens, TimeStamps stamps, int frames) {
    long last = stamps.first();
    for (long token : tokens) {
      last = stamps.is(token) ? token : last;
    }
    int whole = frames / FRAMES_OF_A_STAMP * FRAMES_OF_A_STAMP;
    return last > stamps.first() ? frame(last, stamps) : whole;
  }
}
