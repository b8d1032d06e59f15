package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Sampling;
import org.attention4j.models.score.Bleu;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.GeneratedText;
import org.attention4j.models.text.TextGenerator;

/**
 * Greedy translations beside their references.
 *
 * @param bleu of all
 * @param exact share that equals its reference
 */
public record Translations(
    List<String> sources, List<String> references, List<String> texts, Bleu bleu, double exact)
    implements Scores {

  public Translations {
    sources = List.copyOf(sources);
    references = List.copyOf(references);
    texts = List.copyOf(texts);
  }

  /**
   * Translates.
   *
   * @param longest new tokens at most
   * @param batch texts at a time
   */
  public static Translations of(
      TextGenerator generator,
      List<String> sources,
      List<String> references,
      int longest,
      int batch) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < sources.size(); i += batch) {
      List<String> part = sources.subList(i, Math.min(sources.size(), i + batch));
      GenerationOptions options =
          generator.defaults(longest, part).taking(longest).drawing(Sampling.greedy());
      for (GeneratedText text : generator.generate(part, options)) {
        texts.add(text.text().strip());
      }
    }
    int equal = 0;
    for (int i = 0; i < texts.size(); i++) {
      equal += texts.get(i).equals(references.get(i).strip()) ? 1 : 0;
    }
    return new Translations(
        sources, references, texts, Bleu.of(texts, references), (double) equal / texts.size());
  }

  @Override
  public int examples() {
    return texts.size();
  }

  @Override
  public Map<String, Double> measures() {
    Map<String, Double> measures = new LinkedHashMap<>();
    measures.put("bleu", bleu.score());
    measures.put("exact_match", exact);
    return measures;
  }

  @Override
  public ObjectNode details(int shown) {
    int count = Math.min(shown, texts.size());
    ObjectNode json = JsonFile.object();
    json.set("sources", JsonFile.tree(sources.subList(0, count)));
    json.set("references", JsonFile.tree(references.subList(0, count)));
    json.set("texts", JsonFile.tree(texts.subList(0, count)));
    return json;
  }
}
