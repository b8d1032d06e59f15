package org.attention4j.models.huggingface.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How names in files differ from the paths of a model: with or without the first part, older and
 * newer spellings, buffers of old releases.
 *
 * @param prefix first part of the paths of the layers, which files may leave out or have in
 *     addition
 * @param renames regular expressions of names in files, and what the paths are instead
 * @param tied names of copies that files may hold, and the paths that they are copies of
 * @param surplus what files may hold though no model of this kind reads it
 */
public record NameRules(
    String prefix, Map<Pattern, String> renames, Map<String, String> tied, List<Pattern> surplus) {

  private static final Map<Pattern, String> LEGACY =
      Map.of(
          Pattern.compile("LayerNorm\\.gamma$"), "LayerNorm.weight",
          Pattern.compile("LayerNorm\\.beta$"), "LayerNorm.bias");

  private static final List<Pattern> BUFFERS =
      List.of(
          Pattern.compile("(.*\\.)?rotary_emb\\.inv_freq"),
          Pattern.compile("(.*\\.)?position_ids"),
          Pattern.compile("(.*\\.)?embeddings\\.token_type_ids"),
          Pattern.compile("(.*\\.)?masked_bias"));

  public NameRules {
    renames = new LinkedHashMap<>(renames);
    tied = new LinkedHashMap<>(tied);
    surplus = List.copyOf(surplus);
  }

  /** Names with or without a first part, and nothing else. */
  public static NameRules prefix(String prefix) {
    return new NameRules(prefix, Map.of(), Map.of(), BUFFERS);
  }

  /** Another spelling: what the expression finds is replaced. */
  public NameRules renaming(String expression, String replacement) {
    Map<Pattern, String> more = new LinkedHashMap<>(renames);
    more.put(Pattern.compile(expression), replacement);
    return new NameRules(prefix, more, tied, surplus);
  }

  /** A copy that files may hold instead of the original, or beside it. */
  public NameRules tying(String copy, String original) {
    Map<String, String> more = new LinkedHashMap<>(tied);
    more.put(copy, original);
    return new NameRules(prefix, renames, more, surplus);
  }

  /** Something that files may hold and that is left alone; the expression matches whole names. */
  public NameRules ignoring(String expression) {
    List<Pattern> more = new ArrayList<>(surplus);
    more.add(Pattern.compile(expression));
    return new NameRules(prefix, renames, tied, more);
  }

  /** Whether a name is a known surplus. */
  public boolean ignores(String name) {
    return surplus.stream().anyMatch(p -> p.matcher(name).matches());
  }

  /** What a name in a file may mean, the likeliest first. */
  public Set<String> candidates(String name) {
    Set<String> spellings = new LinkedHashSet<>(List.of(name));
    replace(spellings, LEGACY);
    replace(spellings, renames);
    Set<String> candidates = new LinkedHashSet<>(spellings);
    for (String spelling : spellings) {
      if (!prefix.isEmpty()) {
        candidates.add(prefix + "." + spelling);
        if (spelling.startsWith(prefix + ".")) {
          candidates.add(spelling.substring(prefix.length() + 1));
        }
      }
    }
    return candidates;
  }

  private static void replace(Set<String> spellings, Map<Pattern, String> rules) {
    for (String spelling : List.copyOf(spellings)) {
      rules.forEach((from, to) -> spellings.add(from.matcher(spelling).replaceAll(to)));
    }
  }
}
