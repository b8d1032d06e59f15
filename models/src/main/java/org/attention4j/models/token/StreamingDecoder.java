package org.attention4j.models.token;

import java.util.ArrayList;
import java.util.List;

/**
 * Text of tokens that come one by one. A character whose bytes are spread over several tokens is
 * told when the last of them has come, never half. Not thread-safe.
 */
public final class StreamingDecoder {
  private static final String INCOMPLETE = "\uFFFD";

  private final Tokenizer tokenizer;
  private final List<Long> ids = new ArrayList<>();
  private int before; // the text of a token may depend on its neighbour, so that is decoded again
  private int told;

  /** For a text that begins. */
  public StreamingDecoder(Tokenizer tokenizer) {
    this(tokenizer, new long[0]);
  }

  /** For a text that goes on: the first new token may need the space before it. */
  public StreamingDecoder(Tokenizer tokenizer, long[] beginning) {
    this.tokenizer = tokenizer;
    for (long id : beginning) {
      ids.add(id);
    }
    this.told = ids.size();
  }

  /** What one more token adds to the text; empty while a character is incomplete. */
  public String add(long id) {
    ids.add(id);
    String text = text(before, ids.size());
    return text.endsWith(INCOMPLETE) ? "" : tell(text);
  }

  /** What is left at the end: an incomplete character. */
  public String rest() {
    return tell(text(before, ids.size()));
  }

  private String tell(String text) {
    String fresh = text.substring(Math.min(text(before, told).length(), text.length()));
    if (!fresh.isEmpty()) { // special tokens have no text; their neighbour stays in view
      before = told;
    }
    told = ids.size();
    return fresh;
  }

  private String text(int from, int to) {
    return tokenizer.decode(ids.subList(from, to).stream().mapToLong(id -> id).toArray());
  }
}
