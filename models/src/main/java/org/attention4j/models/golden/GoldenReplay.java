package org.attention4j.models.golden;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.attention4j.error.AttentionException;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.huggingface.PretrainedSession.Extra;
import org.attention4j.spi.Engine;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;

/** Replays recorded cases on an engine and compares everything in them. */
public final class GoldenReplay {
  private final Engine engine;
  private final Consumer<GoldenRow> sink;
  private final List<GoldenRow> rows = new ArrayList<>();

  private GoldenReplay(Engine engine, Consumer<GoldenRow> sink) {
    this.engine = engine;
    this.sink = sink;
  }

  /** Whether a folder is a case, or one of those in it is. */
  public static boolean hasCases(Path folder) {
    return !GoldenCase.in(folder).isEmpty();
  }

  /**
   * All checks of a case, or of all cases in a folder.
   *
   * @param sink told of each row as it comes
   * @return the rows; what cannot be opened or run is a failed row, not an exception
   */
  public static List<GoldenRow> run(Path folder, Engine engine, Consumer<GoldenRow> sink) {
    GoldenReplay replay = new GoldenReplay(engine, sink);
    List<Path> cases = GoldenCase.in(folder);
    if (cases.isEmpty()) {
      replay.add(
          GoldenRow.failed(
              folder.toString(), engine.name(), "cases", "no folder with io.safetensors"));
    }
    cases.forEach(replay::replay);
    return replay.rows;
  }

  private void add(GoldenRow row) {
    rows.add(row);
    sink.accept(row);
  }

  private void replay(Path directory) {
    String name = directory.getFileName().toString();
    attempt(
        name,
        "open",
        () -> {
          GoldenCase recorded = new GoldenCase(directory);
          Checkpoint checkpoint = HuggingFace.open(directory);
          attempt(name, "outputs", () -> outputs(recorded, checkpoint, ""));
          if (!recorded.outputs("padded.").isEmpty()) {
            attempt(name, "padded", () -> outputs(recorded, checkpoint, "padded."));
          }
          decode(recorded, checkpoint, "gen.", false);
          decode(recorded, checkpoint, "gen.", true);
          decode(recorded, checkpoint, "gen_left.", true);
          if (!recorded.gradients().names().isEmpty()) {
            GoldenTraining training = new GoldenTraining(recorded, checkpoint, engine);
            attempt(name, "training", () -> training.rows().forEach(this::add));
          }
        });
  }

  private void decode(GoldenCase recorded, Checkpoint checkpoint, String kind, boolean cached) {
    if (!recorded.has(kind + "sequences")) {
      return;
    }
    String check = kind + (cached ? "cached.sequences" : "sequences");
    if (cached && kind.equals("gen.") && checkpoint.model().changesWithLength()) {
      add(
          GoldenRow.skipped(
              recorded.name(),
              engine.name(),
              check,
              "frequencies change with the length: kept keys differ from recomputed ones"));
      return;
    }
    GoldenDecoding decoding = new GoldenDecoding(recorded, checkpoint, engine);
    attempt(recorded.name(), check, () -> decoding.rows(kind, cached).forEach(this::add));
  }

  /** A failure of the library is a failed check, and the next one goes on. */
  private void attempt(String name, String check, Runnable work) {
    try {
      work.run();
    } catch (AttentionException | IllegalStateException | IndexOutOfBoundsException e) {
      add(GoldenRow.failed(name, engine.name(), check, String.valueOf(e.getMessage())));
    }
  }

  private void outputs(GoldenCase recorded, Checkpoint checkpoint, String prefix) {
    Map<String, HostTensor> inputs = recorded.inputs(prefix);
    SessionOptions options = SessionOptions.defaults();
    Map<String, HostTensor> outputs;
    try (PretrainedSession session =
        checkpoint.session(engine, options, inputs.keySet(), EnumSet.allOf(Extra.class))) {
      outputs = session.run(inputs);
    }
    HostTensor mask = inputs.get("attention_mask");
    boolean causal = checkpoint.model().causal();
    for (String name : recorded.outputs(prefix)) {
      HostTensor expected = recorded.output(prefix + name);
      HostTensor got = outputs.get(name);
      if (got == null) {
        add(
            GoldenRow.failed(
                recorded.name(),
                engine.name(),
                prefix + name,
                "the model has no such output, only " + outputs.keySet()));
        continue;
      }
      LongPredicate counts = i -> true;
      if (mask != null && prefix.isEmpty() && causal) {
        counts = SeenSteps.of(name, expected.shape(), mask);
      } else if (mask != null && !prefix.isEmpty()) {
        long each = expected.size() / Math.max(1, mask.size());
        counts = i -> mask.getLong(i / each) != 0;
      }
      double allowed = recorded.allowed("outputs", prefix + name, expected);
      add(
          Comparison.row(
              recorded.name(), engine.name(), prefix + name, expected, got, allowed, counts));
    }
  }
}
