package org.attention4j.models.run;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/** The table of token vectors, to see which tokens are alike. */
public final class Embeddings {
  private static final int ITERATIONS = 200;

  private final Tokenizer tokenizer;
  private final double[][] rows;

  /**
   * A table [vocabulary, width].
   *
   * @throws UsageException if it has another number of rows than the tokenizer has tokens
   */
  public Embeddings(Tokenizer tokenizer, HostTensor table) {
    if (table.rank() != 2 || table.dim(0) != tokenizer.size()) {
      throw new UsageException(
          "the table "
              + table
              + " does not have a row for each of "
              + tokenizer.size()
              + " tokens");
    }
    this.tokenizer = tokenizer;
    int width = (int) table.dim(1);
    this.rows = new double[tokenizer.size()][width];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < width; j++) {
        rows[i][j] = table.getDouble((long) i * width + j);
      }
    }
  }

  private double[] vector(String word) {
    long[] ids = tokenizer.encode(word);
    if (ids.length != 1) {
      throw new UsageException("'" + word + "' is " + ids.length + " tokens, not one");
    }
    return rows[(int) ids[0]];
  }

  /** Cosine of the angle between two words: 1 if alike. */
  public double cosine(String first, String second) {
    return cosine(vector(first), vector(second));
  }

  private static double cosine(double[] a, double[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** The words nearest to one of them among others, nearest first. */
  public List<String> nearest(String word, List<String> among) {
    List<String> others = new ArrayList<>(among);
    others.remove(word);
    others.sort((a, b) -> Double.compare(cosine(word, b), cosine(word, a)));
    return others;
  }

  /** The words on the two axes along which they differ most (principal components). */
  public double[][] project(List<String> words) {
    double[][] centred = new double[words.size()][];
    double[] mean = new double[rows[0].length];
    for (String word : words) {
      addTo(mean, vector(word), 1.0 / words.size());
    }
    for (int i = 0; i < centred.length; i++) {
      centred[i] = vector(words.get(i)).clone();
      addTo(centred[i], mean, -1);
    }
    double[] first = component(centred, null);
    double[] second = component(centred, first);
    double[][] places = new double[words.size()][2];
    for (int i = 0; i < places.length; i++) {
      places[i][0] = dot(centred[i], first);
      places[i][1] = dot(centred[i], second);
    }
    return places;
  }

  private static void addTo(double[] sum, double[] part, double factor) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * part[i];
    }
  }

  /** Power iteration on the covariance, across another direction if given. */
  private static double[] component(double[][] points, double @Nullable [] across) {
    double[] direction = new double[points[0].length];
    for (int i = 0; i < direction.length; i++) {
      direction[i] = Math.sin(i + 1.0); // any start that is no special direction
    }
    for (int n = 0; n < ITERATIONS; n++) {
      double[] next = new double[direction.length];
      for (double[] point : points) {
        addTo(next, point, dot(point, direction));
      }
      if (across != null) {
        addTo(next, across, -dot(next, across));
      }
      double norm = Math.sqrt(dot(next, next));
      for (int i = 0; i < next.length; i++) {
        direction[i] = next[i] / Math.max(norm, 1e-300);
      }
    }
    return direction;
  }
}
