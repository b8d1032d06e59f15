package org.attention4j.spi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.tensor.TensorType;

/** A model together with the types of the inputs it will be run with. */
public record Program(Model model, Map<String, TensorType> inputs) {
  public Program {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
  }

  /** A model with its usual inputs. */
  public static Program of(Model model) {
    return new Program(model, model.inputs());
  }

  /** The same model with one more input. */
  public Program with(String name, TensorType type) {
    Map<String, TensorType> more = new LinkedHashMap<>(inputs);
    more.put(name, type);
    return new Program(model, more);
  }

  /** Records the model; where its output is cut to some rows, only those are computed. */
  public Graph graph(TraceOptions options) {
    return Graph.trace(model, inputs, options).narrowed();
  }

  /**
   * Refuses inputs that the program does not have; a forgotten mask must not pass in silence.
   *
   * @throws UsageException naming the surplus input and those there are
   */
  public void checkNames(Iterable<String> given) {
    for (String name : given) {
      if (!inputs.containsKey(name)) {
        throw new UsageException(
            "the program has no input '" + name + "'; it was opened with " + inputs);
      }
    }
  }
}
