package org.attention4j.models.data;

import java.util.List;
import java.util.SplittableRandom;

/**
 * Spanish sentences from a small grammar: animals live, eat and chase; ideas are debated, defended
 * and grow. Words of one kind stand in the same places, so that a model that learns to predict them
 * puts them near each other, though nobody told it which words are alike.
 */
public final class SpanishSentences {

  private record Noun(String article, String word) {
    String phrase() {
      return article + " " + word;
    }
  }

  private static final List<Noun> ANIMALS =
      nouns("el gato", "el perro", "el caballo", "el pez", "el lobo", "la vaca", "la oveja");
  private static final List<Noun> PEOPLE =
      nouns("el niño", "la niña", "el pastor", "la abuela", "el vecino", "la maestra");
  private static final List<Noun> IDEAS =
      nouns(
          "la democracia",
          "la libertad",
          "la justicia",
          "el derecho",
          "la igualdad",
          "el progreso");
  private static final List<Noun> INSTITUTIONS =
      nouns("el parlamento", "el gobierno", "la asamblea", "el pueblo", "la prensa", "el tribunal");
  private static final List<String> FOODS =
      List.of("pan", "carne", "hierba", "pescado", "queso", "arroz");
  private static final List<String> PLACES =
      List.of("en la casa", "en el jardín", "en el campo", "junto al río", "bajo el árbol");
  private static final List<String> ANIMAL_VERBS =
      List.of("come", "bebe", "duerme", "corre", "salta", "juega");
  private static final List<String> TRANSITIVE =
      List.of("persigue", "mira", "muerde", "sigue", "espera");
  private static final List<String> CARE = List.of("acaricia", "alimenta", "llama", "busca");
  private static final List<String> DEBATES =
      List.of("defiende", "discute", "protege", "proclama", "estudia");
  private static final List<String> GROWTH =
      List.of("crece", "avanza", "exige leyes", "necesita votos", "nace del diálogo");
  private static final List<String> TIMES =
      List.of("en cada siglo", "con paciencia", "en la ley", "entre ciudadanos", "en la historia");

  private SpanishSentences() {}

  private static List<Noun> nouns(String... phrases) {
    return List.of(phrases).stream()
        .map(phrase -> phrase.split(" ", -1))
        .map(words -> new Noun(words[0], words[1]))
        .toList();
  }

  /** So many sentences, one a line; a pure function of the seed. */
  public static String text(int sentences, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < sentences; i++) {
      text.append(sentence(random)).append(" .\n");
    }
    return text.toString();
  }

  private static String sentence(SplittableRandom r) {
    return switch (r.nextInt(7)) {
      case 0 -> noun(ANIMALS, r) + " " + pick(ANIMAL_VERBS, r) + " " + pick(PLACES, r);
      case 1 -> noun(ANIMALS, r) + " come " + pick(FOODS, r) + " " + pick(PLACES, r);
      case 2 -> noun(ANIMALS, r) + " " + pick(TRANSITIVE, r) + " a " + to(ANIMALS, r);
      case 3 -> noun(PEOPLE, r) + " " + pick(CARE, r) + " a " + to(ANIMALS, r);
      case 4 -> noun(INSTITUTIONS, r) + " " + pick(DEBATES, r) + " " + noun(IDEAS, r);
      case 5 -> noun(IDEAS, r) + " " + pick(GROWTH, r) + " " + pick(TIMES, r);
      default -> noun(INSTITUTIONS, r) + " debate " + noun(IDEAS, r) + " " + pick(TIMES, r);
    };
  }

  private static String noun(List<Noun> nouns, SplittableRandom random) {
    return pick(nouns, random).phrase();
  }

  /** After "a"; the contraction "al" would hide the article, so the grammar says "ese". */
  private static String to(List<Noun> nouns, SplittableRandom random) {
    Noun noun = pick(nouns, random);
    return (noun.article.equals("el") ? "ese " : "esa ") + noun.word;
  }

  private static <T> T pick(List<T> choices, SplittableRandom random) {
    return choices.get(random.nextInt(choices.size()));
  }
}
