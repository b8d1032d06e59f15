package org.attention4j.models.token;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.token.Encoding.Span;
import org.attention4j.weights.AtomicFile;
import org.jspecify.annotations.Nullable;

/** A Hugging Face {@code tokenizer.json}, run by the tokenizers library itself. */
public final class JsonTokenizer implements Tokenizer {
  static final String FILE = "tokenizer.json";

  private static final int MAX_ID = 1 << 26;

  /** What families of tokenizers call the special tokens. */
  private static final Map<String, List<String>> NAMES =
      Map.of(
          "<pad>", List.of("<pad>", "[PAD]", "<|endoftext|>"),
          "<bos>", List.of("<s>", "<bos>", "[CLS]", "<|begin_of_text|>", "<|endoftext|>"),
          "<eos>", List.of("</s>", "<eos>", "[SEP]", "<|end_of_text|>", "<|endoftext|>"),
          "<mask>", List.of("<mask>", "[MASK]"),
          "<unk>", List.of("<unk>", "[UNK]", "<|endoftext|>"));

  private final Path file;
  private final byte[] contents;
  private final SortedMap<Long, String> labels;
  private final Map<String, Long> specials;
  private final int size;
  private final HuggingFaceTokenizer library;

  private JsonTokenizer(
      Path file,
      byte[] contents,
      SortedMap<Long, String> labels,
      Map<String, Long> specials,
      HuggingFaceTokenizer library) {
    this.file = file;
    this.contents = contents;
    this.labels = labels;
    this.specials = specials;
    this.size = (int) (labels.keySet().stream().mapToLong(id -> id).max().orElse(-1) + 1);
    this.library = library;
  }

  /**
   * Reads the file.
   *
   * @throws StorageException if it is missing or cannot be read
   * @throws FileFormatException if it is no tokenizer
   */
  public static JsonTokenizer load(Path file) {
    return load(file, OptionalInt.empty());
  }

  /**
   * The same, which may leave out tokens at the end of texts that are too long; of a pair, one by
   * one from the longer text.
   *
   * @param longest tokens at most, special ones counted in
   */
  static JsonTokenizer load(Path file, OptionalInt longest) {
    JsonNode json = JsonFile.read(file);
    try {
      return open(file, json, Files.readAllBytes(file), longest);
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    }
  }

  /**
   * Opens one that was made in memory.
   *
   * @param origin what it was made of, for errors
   * @throws FileFormatException if it is no tokenizer
   */
  static JsonTokenizer of(Path origin, JsonNode json, OptionalInt longest) {
    return open(origin, json, JsonFile.text(json).getBytes(StandardCharsets.UTF_8), longest);
  }

  private static JsonTokenizer open(
      Path file, JsonNode json, byte[] contents, OptionalInt longest) {
    if (!json.path("model").isObject()) {
      throw new FileFormatException(file, "is no tokenizer: it has no object 'model'");
    }
    SortedMap<Long, String> labels = new TreeMap<>();
    addVocabulary(json.path("model").path("vocab"), labels);
    Map<String, Long> specials = new HashMap<>();
    for (JsonNode added : json.path("added_tokens")) {
      long id = added.path("id").asLong(-1);
      labels.put(id, added.path("content").asText());
      if (added.path("special").asBoolean()) {
        specials.put(added.path("content").asText(), id);
      }
    }
    if (labels.isEmpty() || labels.keySet().iterator().next() < 0) {
      throw new FileFormatException(file, "is no tokenizer: its vocabulary is empty or damaged");
    }
    if (labels.keySet().stream().anyMatch(id -> id > MAX_ID)) {
      throw new FileFormatException(file, "has a token with an id above " + MAX_ID);
    }
    TokenizerChecks.check(file, json);
    return new JsonTokenizer(file, contents, labels, specials, library(file, contents, longest));
  }

  private static HuggingFaceTokenizer library(Path file, byte[] contents, OptionalInt longest) {
    // DJL counts its users over the network unless it is told not to.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
    Map<String, String> options = new HashMap<>();
    options.put("addSpecialTokens", "false");
    options.put("padding", "false");
    if (longest.isPresent()) {
      options.put("truncation", "longest_first");
      options.put("maxLength", Integer.toString(longest.getAsInt()));
    } else {
      options.put("truncation", "false");
    }
    try {
      return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(contents), options);
    } catch (IOException | RuntimeException e) {
      throw new FileFormatException(file, "the tokenizers library refuses it: " + e, e);
    }
  }

  /** A map from token to id (BPE, WordPiece), or a list of [token, score] (Unigram). */
  private static void addVocabulary(JsonNode vocabulary, Map<Long, String> labels) {
    if (vocabulary.isObject()) {
      for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
        labels.put(entry.getValue().asLong(-1), entry.getKey());
      }
    } else {
      for (int i = 0; i < vocabulary.size(); i++) {
        labels.put((long) i, vocabulary.path(i).path(0).asText());
      }
    }
  }

  /** The file. */
  JsonNode json() {
    return JsonFile.parse(new String(contents, StandardCharsets.UTF_8));
  }

  /** How each id is written in the file. */
  SortedMap<Long, String> labels() {
    return Collections.unmodifiableSortedMap(labels);
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public long[] encode(String text) {
    try {
      return library.encode(text, false, false).getIds();
    } catch (RuntimeException e) {
      throw new UsageException(file + " cannot encode this text: " + e.getMessage(), e);
    }
  }

  @Override
  public long[] encodeForModel(String text) {
    return encoding(text).ids().stream().mapToLong(id -> id).toArray();
  }

  /** A text with the special tokens around it, and where its tokens stand. */
  public Encoding encoding(String text) {
    return encoding(() -> library.encode(text, true, true));
  }

  /** Two texts as one, as encoders take pairs. */
  public Encoding encoding(String first, String second) {
    return encoding(() -> library.encode(first, second, true, true));
  }

  /** The same with the words that the tokens are of. */
  public PairEncoding pair(String first, String second) {
    ai.djl.huggingface.tokenizers.Encoding raw =
        raw(() -> library.encode(first, second, true, true));
    return new PairEncoding(
        encoding(() -> raw), integers(raw.getSequenceIds()), integers(raw.getWordIds()));
  }

  /**
   * A text that is cut into words already, as if blanks stood between them; each token is of one
   * word. Offsets are those within the word.
   */
  public PairEncoding words(List<String> words) {
    String[] pieces = new String[words.size()];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = i == 0 ? words.get(i) : " " + words.get(i); // which some vocabularies tell apart
    }
    ai.djl.huggingface.tokenizers.Encoding raw = raw(() -> library.encode(pieces, true, true));
    return new PairEncoding(
        encoding(() -> raw), integers(raw.getSequenceIds()), integers(raw.getWordIds()));
  }

  private static List<Integer> integers(long[] values) {
    return Arrays.stream(values).mapToObj(Math::toIntExact).toList();
  }

  private ai.djl.huggingface.tokenizers.Encoding raw(
      Supplier<ai.djl.huggingface.tokenizers.Encoding> encode) {
    try {
      return encode.get();
    } catch (RuntimeException e) {
      throw new UsageException(file + " cannot encode this text: " + e.getMessage(), e);
    }
  }

  private Encoding encoding(Supplier<ai.djl.huggingface.tokenizers.Encoding> encode) {
    ai.djl.huggingface.tokenizers.Encoding raw = raw(encode);
    List<Span> offsets = new ArrayList<>();
    for (@Nullable CharSpan span : raw.getCharTokenSpans()) {
      offsets.add(span == null ? new Span(0, 0) : new Span(span.getStart(), span.getEnd()));
    }
    return new Encoding(
        Arrays.stream(raw.getIds()).boxed().toList(),
        List.of(raw.getTokens()),
        offsets,
        Arrays.stream(raw.getTypeIds()).boxed().toList(),
        Arrays.stream(raw.getSpecialTokenMask()).mapToObj(mask -> mask != 0).toList(),
        raw.getOverflowing().length > 0);
  }

  /** The text of ids, special tokens included. */
  public String decodeWithSpecials(long... ids) {
    for (long id : ids) {
      label(id);
    }
    return ids.length == 0 ? "" : library.decode(ids, false);
  }

  @Override
  public String decode(long... ids) {
    for (long id : ids) {
      label(id);
    }
    return ids.length == 0 ? "" : library.decode(ids, true);
  }

  @Override
  public String label(long id) {
    String label = labels.get(id);
    if (label == null) {
      throw new UsageException("token id " + id + " is not among the " + size + " of " + file);
    }
    return label;
  }

  /** Whether every id stands for the same token. */
  public boolean sharesVocabulary(JsonTokenizer other) {
    return labels.equals(other.labels);
  }

  @Override
  public OptionalLong special(String name) {
    for (String candidate : NAMES.getOrDefault(name, List.of(name))) {
      Long id = specials.get(candidate);
      if (id != null) {
        return OptionalLong.of(id);
      }
    }
    return OptionalLong.empty();
  }

  @Override
  public String description() {
    return size + " tokens of a Hugging Face tokenizer";
  }

  @Override
  public Path save(Path directory) {
    Path file = directory.resolve(FILE);
    AtomicFile.write(
        file,
        out -> {
          ByteBuffer bytes = ByteBuffer.wrap(contents);
          while (bytes.hasRemaining()) {
            out.write(bytes);
          }
        });
    return file;
  }

  @Override
  public void close() {
    library.close();
  }
}
