package org.attention4j.models.token.convert;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.token.convert.AddedTokens.AddedToken;
import org.attention4j.models.token.convert.SentencePieceModel.Kind;
import org.attention4j.models.token.convert.SentencePieceModel.Normalizer;
import org.attention4j.models.token.convert.SentencePieceModel.Piece;
import org.jspecify.annotations.Nullable;

/**
 * Two SentencePiece models over one list of ids (Junczys-Dowmunt et al. 2018): {@code source.spm}
 * cuts the texts that a translator reads, {@code target.spm} those that it writes, and {@code
 * vocab.json} has the ids of both models' pieces, or those of the first one's where {@code
 * separate_vocabs} says that {@code target_vocab.json} has the other's.
 *
 * <p>A {@code tokenizer.json} has one list of pieces, all of which its model may use. Pieces of the
 * other model therefore begin with a mark that no text has, which decoding takes off. Pieces whose
 * characters this model does not know at all stay without: transformers' tokenizer looks unknown
 * stretches of a text up in the list, too. Several unknown characters in a row are one unknown
 * token even where the list has them; pieces that the list lacks are not used, where transformers
 * writes an unknown token.
 */
final class Marian {
  static final String SOURCE = "source.spm";
  static final String TARGET = "target.spm";
  static final String VOCABULARY = "vocab.json";
  private static final String TARGET_VOCABULARY = "target_vocab.json";

  private static final String[] TOKENS = {
    "eos_token", "</s>", "unk_token", "<unk>", "pad_token", "<pad>"
  };

  /** Before pieces of the other model. */
  private static final String FOREIGN = "\uE000";

  /** For characters that no model knows. */
  private static final String UNKNOWN = "\uE001";

  /** In place of {@code >>} and {@code <<} around a language at the beginning of a text. */
  private static final String OPEN = "\uE002";

  private static final String CLOSE = "\uE003";

  private static final String START = "(?<![\\s\\S])";
  private static final String END = "(?![\\s\\S])";

  private final TokenizerFiles files;
  private final String list;
  private final SentencePieceModel pieces;
  private final Map<String, Float> scores = new HashMap<>();
  private final Set<String> specials = new HashSet<>();
  private final TreeSet<Integer> characters = new TreeSet<>();
  private final List<String> languages = new ArrayList<>();

  private Marian(TokenizerFiles files, String name) {
    this.files = files;
    this.list = name.equals(TARGET) && separates(files) ? TARGET_VOCABULARY : VOCABULARY;
    this.pieces = SentencePieceModel.read(files.file(name));
    if (pieces.kind() != Kind.UNIGRAM) {
      throw new FileFormatException(
          files.file(name), "is of kind " + pieces.kind() + "; only unigram is for this family");
    }
    for (int i = 0; i < TOKENS.length; i += 2) {
      add(files.special(TOKENS[i], TOKENS[i + 1]));
    }
    files.added().values().forEach(this::add);
    List<AddedToken> additional = files.additional();
    if (additional != null) {
      additional.forEach(this::add);
    }
    for (Piece piece : pieces.pieces()) {
      if (piece.type() == SentencePieceModel.Type.NORMAL
          || piece.type() == SentencePieceModel.Type.USER_DEFINED) {
        scores.put(piece.text(), piece.score());
        if (piece.text().codePointCount(0, piece.text().length()) == 1) {
          characters.add(piece.text().codePointAt(0));
        }
      }
    }
  }

  private void add(@Nullable AddedToken token) {
    if (token != null) {
      specials.add(token.text());
    }
  }

  /** Whether each of the two has ids of its own. */
  static boolean separates(TokenizerFiles files) {
    return files.flag("separate_vocabs", false);
  }

  /** One of the two. */
  static ObjectNode json(TokenizerFiles files, String name) {
    return new Marian(files, name).json();
  }

  private ObjectNode json() {
    AddedToken unknownToken = files.special("unk_token", "<unk>");
    String unknown = unknownToken == null ? "<unk>" : unknownToken.text();
    String[] tokens = byId();
    ObjectNode model = Parts.part("Unigram", "unk_id", -1, "byte_fallback", false);
    ArrayNode vocabulary = model.putArray("vocab");
    double least = scores.values().stream().mapToDouble(s -> s).min().orElse(0);
    for (int id = 0; id < tokens.length; id++) {
      Float score = scores.get(tokens[id]);
      if (tokens[id].equals(unknown)) {
        model.put("unk_id", id);
      }
      if (isLanguage(tokens[id])) {
        languages.add(tokens[id].substring(2, tokens[id].length() - 2));
        vocabulary.addArray().add(tokens[id]).add(0.0); // better than any cut of it
      } else if (score != null) {
        vocabulary.addArray().add(tokens[id]).add((double) score);
      } else {
        // below what any cut into own pieces comes to
        double never = (least - 10) * (2 + tokens[id].length());
        vocabulary.addArray().add(foreign(tokens[id])).add(never);
      }
    }
    if (model.path("unk_id").intValue() < 0) {
      throw new FileFormatException(files.file(list), "has no token '" + unknown + "'");
    }
    TokenizerJson json =
        new TokenizerJson(files, list, model)
            .normalizer(normalizer())
            .preTokenizer(preTokenizer())
            .decoder(
                Parts.decoders(
                    Parts.replace(FOREIGN, ""),
                    Parts.replace(Parts.SPACE, " "),
                    Parts.part("Fuse"),
                    Parts.replaceMatches(START + " +| +" + END, "")))
            .addNamed(TOKENS);
    String end = json.text("eos_token", TOKENS);
    List<String> single = end == null ? List.of("$A") : List.of("$A", end);
    List<String> pair = end == null ? List.of("$A", "$B") : List.of("$A", "$B", end);
    return json.postProcessor(Parts.template(single, pair, json.added().ids())).json();
  }

  private String[] byId() {
    ObjectNode ids = files.vocabulary(list);
    String[] tokens = new String[ids.size()];
    for (Map.Entry<String, JsonNode> entry : ids.properties()) {
      int id = entry.getValue().intValue();
      if (id >= tokens.length || tokens[id] != null) {
        throw new FileFormatException(
            files.file(list),
            "should have each id from 0 to " + (tokens.length - 1) + " once, not " + id);
      }
      tokens[id] = entry.getKey();
    }
    return tokens;
  }

  private static boolean isLanguage(String token) {
    return token.startsWith(">>") && token.endsWith("<<") && token.length() > 4;
  }

  /** How a token that this model's pieces lack is written. */
  private String foreign(String token) {
    if (specials.contains(token)) {
      return token; // found before this list is asked
    }
    return token.codePoints().noneMatch(characters::contains) ? token : FOREIGN + token;
  }

  /**
   * As SentencePiece does it: its character map, and spaces. A language at the beginning counts
   * only there, and is unknown if the list lacks it; what follows begins anew.
   */
  private ObjectNode normalizer() {
    Normalizer settings = pieces.normalizer();
    String space = settings.prefix() ? Parts.SPACE : "";
    List<JsonNode> parts = new ArrayList<>();
    parts.add(Parts.replaceMatches("[" + FOREIGN + OPEN + CLOSE + "]", UNKNOWN));
    if (settings.map().length > 0) {
      parts.add(Parts.precompiled(settings.map()));
    }
    parts.add(Parts.replaceMatches(START + ">>(?=[\\s\\S]*?<<)", OPEN));
    if (settings.trims()) {
      parts.add(Parts.replaceMatches(START + " +| +" + END, ""));
      parts.add(Parts.replaceMatches(" {2,}", " "));
    }
    if (settings.prefix()) {
      parts.add(Parts.part("Prepend", "prepend", Parts.SPACE));
      parts.add(Parts.replaceMatches(START + Parts.SPACE + OPEN, OPEN));
    }
    String spaces = settings.trims() ? " ?" : "";
    if (!languages.isEmpty()) {
      List<String> ends = new ArrayList<>();
      languages.forEach(code -> ends.add("(?<=" + OPEN + escaped(code) + ")<<" + spaces));
      parts.add(Parts.replaceMatches(String.join("|", ends), CLOSE + space));
    }
    parts.add(
        Parts.replaceMatches(
            START + OPEN + "(?![^" + CLOSE + "<]*" + CLOSE + ")[\\s\\S]*?<<" + spaces,
            UNKNOWN + space));
    if (settings.prefix()) {
      // nothing follows the language
      parts.add(Parts.replaceMatches("(?<=[" + UNKNOWN + CLOSE + "])" + space + END, ""));
    }
    // but not within the language
    String outside =
        languages.isEmpty() ? "" : "(?![^" + CLOSE + "]{0," + longest() + "}" + CLOSE + ")";
    parts.add(Parts.replaceMatches(outside + "[^" + known() + "]{2,}", UNKNOWN));
    parts.add(Parts.replace(" ", Parts.SPACE));
    parts.add(Parts.replace(OPEN, ">>"));
    parts.add(Parts.replace(CLOSE, "<<"));
    return Parts.normalizers(parts);
  }

  private ObjectNode preTokenizer() {
    // spaces are there already; this only makes the model's stretches shorter
    ObjectNode spaces = Parts.metaspace("never", true);
    if (languages.isEmpty()) {
      return spaces;
    }
    // a language in the midst of a text is text: it is cut
    List<String> codes = languages.stream().map(Marian::escaped).toList();
    String within = "(?<=[\\s\\S])>>(?=(?:" + String.join("|", codes) + ")<<)";
    return Parts.preTokenizers(Parts.split("Regex", within, "Isolated", false), spaces);
  }

  private int longest() {
    return languages.stream().mapToInt(String::length).max().orElse(0);
  }

  /** Characters of a class in a pattern, as ranges. */
  private String known() {
    TreeSet<Integer> all = new TreeSet<>(characters);
    (" " + Parts.SPACE + OPEN + CLOSE).codePoints().forEach(all::add);
    StringBuilder ranges = new StringBuilder();
    Integer first = null;
    for (int c : all) {
      if (first == null) {
        first = c;
      }
      if (!all.contains(c + 1)) {
        ranges.append(escaped(Character.toString(first)));
        if (c > first) {
          ranges.append('-').append(escaped(Character.toString(c)));
        }
        first = null;
      }
    }
    return ranges.toString();
  }

  private static String escaped(String text) {
    return text.replaceAll("([\\\\\\[\\](){}^$.*+?|/-])", "\\\\$1");
  }
}
