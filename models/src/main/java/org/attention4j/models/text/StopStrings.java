package org.attention4j.models.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.generate.StopRule;
import org.attention4j.models.token.Tokenizer;

/** Ends a text when its new part holds one of some strings. Thread-safe if the tokenizer is. */
public final class StopStrings implements StopRule {
  private static final int SPARE = 16; // tokens without text among those that make up a string

  private final Tokenizer tokenizer;
  private final List<String> strings;
  private final int longest;

  public StopStrings(Tokenizer tokenizer, List<String> strings) {
    this.tokenizer = tokenizer;
    this.strings = List.copyOf(strings);
    if (strings.contains("")) {
      throw new UsageException("a text that ends a text is not empty");
    }
    this.longest =
        strings.stream().mapToInt(s -> s.getBytes(StandardCharsets.UTF_8).length).max().orElse(0);
  }

  @Override
  public boolean ends(long[] tokens, int promptLength) {
    int from = Math.max(promptLength, tokens.length - longest - SPARE);
    String tail = tokenizer.decode(Arrays.copyOfRange(tokens, from, tokens.length));
    return strings.stream().anyMatch(tail::contains);
  }
}
