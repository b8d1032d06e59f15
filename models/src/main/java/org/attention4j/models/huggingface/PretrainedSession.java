package org.attention4j.models.huggingface;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/** A session with Hugging Face's names; as thread-safe as the engine's. */
public final class PretrainedSession implements AutoCloseable {
  private static final String OBSERVED = "observed.";

  /** What a session returns besides the outputs. */
  public enum Extra {
    /**
     * The inputs of all layers, and the last output: {@code hidden_states.N}; of an encoder beside
     * a decoder also {@code encoder_last_hidden_state}.
     */
    HIDDEN_STATES("hidden_state"),
    /** The probabilities of all layers: {@code attentions.N}. */
    ATTENTIONS("attentions.");

    private final String part;

    Extra(String part) {
      this.part = part;
    }
  }

  private final Pretrained model;
  private final Program program;
  private final Session session;
  private final Map<String, String> names;

  private PretrainedSession(
      Pretrained model, Program program, Session session, Map<String, String> names) {
    this.model = model;
    this.program = program;
    this.session = session;
    this.names = names;
  }

  static PretrainedSession open(
      Checkpoint checkpoint,
      Engine engine,
      SessionOptions options,
      Program program,
      Set<Extra> extras) {
    Map<String, String> names = new LinkedHashMap<>();
    checkpoint
        .model()
        .observable()
        .forEach(
            (name, path) -> {
              if (extras.stream().anyMatch(extra -> name.contains(extra.part))) {
                names.put(name, path);
              }
            });
    SessionOptions observing = options.observing(Set.copyOf(names.values())::contains);
    Session session = engine.open(program, checkpoint.weights(), observing);
    return new PretrainedSession(checkpoint.model(), program, session, names);
  }

  /**
   * Runs the model once. Whole numbers of any type and truth values become what an input wants.
   *
   * @throws UsageException if an input is missing or unknown, or see {@link Pretrained#check}
   * @throws org.attention4j.error.ShapeException if an input's shape does not fit
   */
  public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
    program.checkNames(inputs.keySet());
    Map<String, HostTensor> cast = new LinkedHashMap<>();
    inputs.forEach((name, value) -> cast.put(name, cast(name, value)));
    model.check(cast);
    Map<String, HostTensor> results = session.run(cast);
    Map<String, HostTensor> named = new LinkedHashMap<>();
    results.forEach(
        (name, value) -> {
          if (!name.startsWith(OBSERVED)) {
            named.put(name, value);
          }
        });
    names.forEach(
        (name, path) -> {
          HostTensor value = results.get(OBSERVED + path);
          if (value != null) {
            named.put(name, value);
          }
        });
    return named;
  }

  private HostTensor cast(String name, HostTensor value) {
    TensorType type = program.inputs().get(name);
    if (type == null || type.dtype() == value.dtype()) {
      return value;
    }
    boolean floating = value.dtype().isFloating();
    boolean wanted = type.dtype().isFloating();
    boolean keep = floating && (wanted || !isWhole(value)); // engines take any floating type
    return keep ? value : value.cast(type.dtype());
  }

  /** As masks are that were written as floating numbers. */
  private static boolean isWhole(HostTensor value) {
    for (long i = 0; i < value.size(); i++) {
      double number = value.getDouble(i);
      if (number != Math.rint(number)) {
        return false;
      }
    }
    return true;
  }

  /** The engine's session, for decoding; it closes with this one. */
  public Session session() {
    return session;
  }

  @Override
  public void close() {
    session.close();
  }
}
