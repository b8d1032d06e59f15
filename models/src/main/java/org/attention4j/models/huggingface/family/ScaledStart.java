package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Config;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.Linear;

/**
 * How the T5 family starts, by Hugging Face's rule: no biases, a product's variance is about that
 * of its input, and queries start smaller by sqrt(head_dim), as the scores have no scale.
 */
record ScaledStart(double factor) {
  static ScaledStart read(Config config) {
    return new ScaledStart(config.number("initializer_factor", 1));
  }

  Init table() {
    return Init.normal(factor);
  }

  /** Of a layer with so many inputs. */
  Linear.Style from(int inputs) {
    Init weights = Init.normal(factor / Math.sqrt(inputs));
    return Linear.Style.usual().withoutBias().starting(weights);
  }

  /** Of the layers around attention. */
  HeadProjections projections(int width, int heads, int size) {
    return HeadProjections.separate("q", "k", "v", "o")
        .styled(from(width), from(heads * size))
        .startingQueries(Init.normal(factor / Math.sqrt((double) width * size)));
  }
}
