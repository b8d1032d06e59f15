package org.attention4j.models.run;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.WordTokenizer;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.weights.Weights;

/**
 * Which words a small GPT puts near each other, before and after it has learned a text of {@code
 * SpanishSentences}. Nobody tells it that cats and dogs are alike; it only predicts words.
 *
 * @param before cosine of pairs under the initial weights
 * @param after cosine of pairs after training
 */
public record WordVectors(
    TrainingPlan plan,
    Weights weights,
    Embeddings embeddings,
    Map<String, Double> before,
    Map<String, Double> after) {

  /** Words that are shown, by kind. */
  public static final Map<String, List<String>> GROUPS =
      Map.of(
          "animals", List.of("gato", "perro", "caballo", "pez", "lobo", "vaca", "oveja"),
          "people", List.of("niño", "niña", "pastor", "abuela", "vecino", "maestra"),
          "ideas", List.of("democracia", "libertad", "justicia", "derecho", "igualdad", "progreso"),
          "institutions",
              List.of("parlamento", "gobierno", "asamblea", "pueblo", "prensa", "tribunal"));

  private static final String TABLE = "transformer.wte.weight";
  private static final String NEAR = "gato ~ perro";
  private static final String FAR = "gato ~ democracia";
  private static final double CLOSE = 0.6;
  private static final double MARGIN = 0.3;

  /** Trains on a text. */
  public static WordVectors learn(
      Engine engine, SmallRuns run, String text, Path directory, TrainingListener listener) {
    Tokenizer tokenizer = WordTokenizer.of(text, false);
    TrainingPlan plan = run.plan(engine, tokenizer, text, directory);
    Weights initial = Parameters.init(Program.of(plan.model()), run.seed());
    Weights trained = new TrainingRun(plan, listener).run(false, () -> false).weights();
    Embeddings embeddings = new Embeddings(tokenizer, trained.get(TABLE));
    return new WordVectors(
        plan,
        trained,
        embeddings,
        cosines(new Embeddings(tokenizer, initial.get(TABLE))),
        cosines(embeddings));
  }

  private static Map<String, Double> cosines(Embeddings embeddings) {
    Map<String, Double> cosines = new LinkedHashMap<>();
    for (String other : List.of("perro", "caballo", "niña", "parlamento", "democracia")) {
      cosines.put("gato ~ " + other, embeddings.cosine("gato", other));
    }
    return cosines;
  }

  private static boolean apart(Map<String, Double> cosines) {
    double near = cosines.getOrDefault(NEAR, 0.0);
    return near > CLOSE && near > cosines.getOrDefault(FAR, 0.0) + MARGIN;
  }

  /** Whether the cat is near the dog and far from democracy, by a clear margin. */
  public boolean holds() {
    return apart(after);
  }

  /** Whether that was so before anything was learned. */
  public boolean heldBefore() {
    return apart(before);
  }
}
