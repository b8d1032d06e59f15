package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Example;
import org.attention4j.models.token.Encoding;
import org.attention4j.models.token.JsonTokenizer;

/** Lines of a file to examples, cut to a length, with the special tokens of the tokenizer. */
final class ExampleReader {
  private static final long[] NONE = {};
  private static final double[] UNLABELLED = {};

  private static final String LABELLED = "a label, a tab, and one text or two with a tab between";

  private final Path file;
  private final JsonTokenizer tokenizer;
  private final JsonTokenizer targets;
  private final int longest;
  private final OptionalLong end;
  private final Set<Long> specials = new HashSet<>();

  /**
   * A reader.
   *
   * @param targets for the texts that a translator writes
   * @param longest tokens of a text at most, special ones included
   * @param end token that ends a text to be written
   */
  ExampleReader(
      Path file, JsonTokenizer tokenizer, JsonTokenizer targets, int longest, OptionalLong end) {
    if (longest < 4) {
      throw new UsageException("the longest text has at least 4 tokens, not " + longest);
    }
    this.file = file;
    this.tokenizer = tokenizer;
    this.targets = targets;
    this.longest = longest;
    this.end = end;
  }

  /** The special tokens that were met. */
  Set<Long> specials() {
    return specials;
  }

  /** The texts of a line; blank lines are none. */
  private List<String[]> lines(String text, Shape shape) {
    List<String[]> rows = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String[] fields = lines.get(i).split("\t", -1);
      boolean blank = lines.get(i).isBlank();
      boolean wrong = fields.length < shape.least || fields.length > shape.most;
      long named = shape.optional ? 1 : 0;
      if (!blank && (wrong || Arrays.stream(fields).skip(named).anyMatch(String::isBlank))) {
        throw new FileFormatException(file, "line " + (i + 1) + " should be " + shape.words);
      }
      rows.add(blank ? new String[0] : fields);
    }
    return rows;
  }

  /**
   * What a line should be.
   *
   * @param optional whether the first field may be empty
   */
  private record Shape(int least, int most, boolean optional, String words) {}

  private interface Row {
    Example read(String[] fields, int line);
  }

  private List<Example> examples(String text, Shape shape, Row row) {
    List<Example> examples = new ArrayList<>();
    List<String[]> rows = lines(text, shape);
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).length > 0) {
        Example example = row.read(rows.get(i), i);
        if (example.tokens().length == 0) {
          throw new FileFormatException(file, "line " + (i + 1) + " has no token");
        }
        examples.add(example);
      }
    }
    return examples;
  }

  /** A text on each line. */
  List<Example> texts(String text, boolean ended) {
    return examples(
        text,
        new Shape(1, Integer.MAX_VALUE, false, "a text"),
        (fields, line) -> {
          Encoding encoding = tokenizer.encoding(String.join("\t", fields));
          return ended
              ? new Example(ended(encoding), NONE, NONE, UNLABELLED, line)
              : example(encoding, NONE, UNLABELLED, line);
        });
  }

  /** {@code source<TAB>target}, the target with its end token. */
  List<Example> translations(String text) {
    return examples(
        text,
        new Shape(2, 2, false, "a source text, a tab, and a target text"),
        (fields, line) ->
            example(
                tokenizer.encoding(fields[0]),
                ended(targets.encoding(fields[1])),
                UNLABELLED,
                line));
  }

  /** {@code sentence<TAB>sentence}. */
  List<Example> sentences(String text) {
    return examples(
        text,
        new Shape(2, 2, false, "a sentence, a tab, and a sentence that belongs to it"),
        (fields, line) ->
            example(
                tokenizer.encoding(fields[0]),
                cut(tokenizer.encoding(fields[1])).ids,
                UNLABELLED,
                line));
  }

  /**
   * {@code label<TAB>text} or {@code label<TAB>text<TAB>text}.
   *
   * @param optional whether a text may have no label
   * @param labels from the first field to what the model learns
   */
  List<Example> labelled(String text, boolean optional, Function<String, double[]> labels) {
    return examples(
        text,
        labelled(optional),
        (fields, line) -> {
          Encoding encoding =
              fields.length == 2
                  ? tokenizer.encoding(fields[1])
                  : tokenizer.encoding(fields[1], fields[2]);
          return example(encoding, NONE, labels(labels, fields[0].strip(), line), line);
        });
  }

  private static Shape labelled(boolean optional) {
    return new Shape(2, 3, optional, LABELLED);
  }

  private double[] labels(Function<String, double[]> labels, String field, int line) {
    try {
      return labels.apply(field);
    } catch (UsageException e) {
      throw new FileFormatException(file, "line " + (line + 1) + " " + e.getMessage(), e);
    }
  }

  /** The first fields of {@link #labelled}, sorted. */
  List<String> labels(String text, boolean optional) {
    return lines(text, labelled(optional)).stream()
        .filter(fields -> fields.length > 0)
        .map(fields -> fields[0].strip())
        .distinct()
        .sorted()
        .toList();
  }

  /** A running text in windows, each with the special tokens around it. */
  List<Example> windows(String text) {
    long[] ids = tokenizer.encode(text);
    Encoding sample = tokenizer.encoding(text.substring(0, Math.min(20, text.length())));
    List<Long> before = new ArrayList<>();
    List<Long> after = new ArrayList<>();
    boolean inside = false;
    for (int i = 0; i < sample.ids().size(); i++) {
      if (sample.special().get(i)) {
        specials.add(sample.ids().get(i));
        (inside ? after : before).add(sample.ids().get(i));
      } else {
        inside = true;
      }
    }
    int width = longest - before.size() - after.size();
    List<Example> windows = new ArrayList<>();
    for (int start = 0; start < ids.length; start += width) {
      int length = Math.min(width, ids.length - start);
      if (length > 1 || start == 0) {
        long[] window = new long[before.size() + length + after.size()];
        for (int i = 0; i < before.size(); i++) {
          window[i] = before.get(i);
        }
        System.arraycopy(ids, start, window, before.size(), length);
        for (int i = 0; i < after.size(); i++) {
          window[before.size() + length + i] = after.get(i);
        }
        windows.add(new Example(window, new long[window.length], NONE, UNLABELLED, windows.size()));
      }
    }
    return windows;
  }

  private Example example(Encoding encoding, long[] partner, double[] labels, int line) {
    Cut cut = cut(encoding);
    return new Example(cut.ids, cut.types, partner, labels, line);
  }

  /** With the end token, unless the tokenizer writes one itself. */
  private long[] ended(Encoding encoding) {
    long[] ids = cut(encoding).ids;
    if (end.isEmpty() || (ids.length > 0 && ids[ids.length - 1] == end.getAsLong())) {
      return ids;
    }
    long[] longer = Arrays.copyOf(ids, Math.min(ids.length + 1, longest));
    longer[longer.length - 1] = end.getAsLong();
    return longer;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Cut(long[] ids, long[] types) {}

  /** Without the last words of the longer text, as often as needed. */
  private Cut cut(Encoding encoding) {
    List<Integer> kept = new ArrayList<>();
    for (int i = 0; i < encoding.ids().size(); i++) {
      kept.add(i);
      if (encoding.special().get(i)) {
        specials.add(encoding.ids().get(i));
      }
    }
    int[] words = new int[2];
    int text = 0;
    int[] textOf = new int[kept.size()];
    for (int i = 0; i < kept.size(); i++) {
      boolean special = encoding.special().get(i);
      if (special) {
        text = words[0] > 0 ? 1 : 0;
      } else {
        words[text]++;
      }
      textOf[i] = special ? -1 : text;
    }
    int surplus = kept.size() - longest;
    for (; surplus > 0 && words[0] + words[1] > 0; surplus--) {
      words[words[0] >= words[1] ? 0 : 1]--;
    }
    int[] left = words.clone();
    kept.removeIf(i -> textOf[i] >= 0 && left[textOf[i]]-- <= 0);
    return new Cut(
        kept.stream().mapToLong(i -> encoding.ids().get(i)).toArray(),
        kept.stream().mapToLong(i -> encoding.typeIds().get(i)).toArray());
  }
}
