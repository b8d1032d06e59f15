package org.attention4j.models.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.attention4j.error.EngineException;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Sampling;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.family.Family;
import org.attention4j.models.token.CharTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/** Train on one engine, export, run on all, and compare: the whole library in one go. */
public final class Quickstart {
  /** Largest difference of logits from the float64 reference that passes. */
  public static final double TOLERANCE = 1e-4;

  /** Where the trained model is, in the directory. */
  public static final String MODEL = "model";

  private static final int NEW_TOKENS = 100;

  /**
   * What to run.
   *
   * @param text to learn
   * @param words whether word vectors are learned, too: the text is of {@code SpanishSentences}
   * @param prompt to continue
   */
  public record Settings(
      String text, boolean words, String prompt, Path directory, long steps, long seed) {}

  /**
   * One engine.
   *
   * @param difference largest one of logits from the float64 reference
   * @param continuation greedy
   */
  public record Row(
      String engine, String description, double difference, String continuation, double seconds) {}

  /**
   * What came out.
   *
   * @param vectors null if none were learned
   * @param unavailable engines that cannot run here, with the reason
   */
  public record Result(
      Settings settings,
      TrainingPlan plan,
      TrainingRun.Outcome training,
      ExportReport export,
      List<Row> rows,
      Map<String, String> unavailable,
      @Nullable WordVectors vectors,
      double seconds) {
    public Result {
      rows = List.copyOf(rows);
      unavailable = Map.copyOf(unavailable);
    }

    /** Whether the logits of every engine are within the tolerance. */
    public boolean logitsAgree() {
      return rows.stream().allMatch(row -> row.difference() <= TOLERANCE);
    }

    /** Whether every engine wrote the same text. */
    public boolean textsAgree() {
      return rows.stream().map(Row::continuation).distinct().count() == 1;
    }

    /** Whether every check passed. */
    public boolean passed() {
      return export.passed()
          && logitsAgree()
          && textsAgree()
          && (vectors == null || vectors.holds());
    }
  }

  private final Settings settings;
  private final TrainingListener listener;
  private final Consumer<String> progress;

  /** A run that tells what it does, a line each. */
  public Quickstart(Settings settings, TrainingListener listener, Consumer<String> progress) {
    this.settings = settings;
    this.listener = listener;
    this.progress = progress;
  }

  /** Trains, exports, generates and compares; files go to the directory. */
  public Result run() {
    long start = System.nanoTime();
    Engine trainer = Engines.get("djl");
    Tokenizer tokenizer = CharTokenizer.of(settings.text(), false);
    Path modelPath = settings.directory().resolve(MODEL);
    SmallRuns run = SmallRuns.characters(settings.seed()).steps(settings.steps());
    TrainingPlan plan = run.plan(trainer, tokenizer, settings.text(), modelPath);
    progress.accept("1. Training a character GPT on PyTorch.");
    TrainingRun.Outcome training = new TrainingRun(plan, listener).run(false, () -> false);
    progress.accept("2. Exporting to ONNX and checking the file.");
    ExportReport export = export(plan.model(), training.weights(), tokenizer);
    progress.accept("3. Running every engine.");
    final List<Row> rows = engines(plan.model(), training.weights(), tokenizer);
    WordVectors vectors = null;
    if (settings.words()) {
      progress.accept("4. Learning word vectors.");
      Path words = settings.directory().resolve("words");
      SmallRuns small = SmallRuns.words(settings.seed());
      vectors = WordVectors.learn(trainer, small, settings.text(), words, TrainingListener.NONE);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Result(settings, plan, training, export, rows, unavailable(), vectors, seconds);
  }

  private ExportReport export(Family model, Weights weights, Tokenizer tokenizer) {
    Path directory = settings.directory().resolve("onnx");
    ModelDirectory.begin(directory, model, tokenizer);
    ExportOptions options =
        ExportOptions.of("reference", Examples.several(model, settings.seed()))
            .withPrecision(DType.F32, TOLERANCE);
    return Exporter.get("onnx").export(Program.of(model), weights, directory, options);
  }

  private List<Row> engines(Family model, Weights weights, Tokenizer tokenizer) {
    Program program = Program.of(model);
    Parity parity = new Parity(program, weights);
    List<Map<String, HostTensor>> examples = new ArrayList<>(Examples.several(model, 7));
    long[] text = tokenizer.encode(settings.text());
    int window = Math.min(model.context(), text.length);
    examples.add(Map.of("input_ids", HostTensor.of(Arrays.copyOf(text, window), 1, window)));
    List<Map<String, HostTensor>> truth = parity.truth(examples, false);
    List<Row> rows = new ArrayList<>();
    for (String name : Engines.names()) {
      Engine engine = Engines.get(name);
      SessionOptions options = SessionOptions.defaults();
      double difference =
          Parity.distances(truth, parity.outputs(engine, options, examples, false)).stream()
              .mapToDouble(Parity.Distance::difference)
              .max()
              .orElseThrow(() -> new EngineException("engine '" + name + "' returned nothing"));
      long before = System.nanoTime();
      try (Session session = engine.open(program, weights, options)) {
        String continuation = greedy(model, tokenizer, session);
        double seconds = (System.nanoTime() - before) / 1e9;
        rows.add(new Row(name, session.description(), difference, continuation, seconds));
      }
    }
    return rows;
  }

  private String greedy(Family model, Tokenizer tokenizer, Session session) {
    GenerationOptions options =
        GenerationOptions.of(NEW_TOKENS, model.context(), Sampling.greedy()).sliding();
    long[] prompt = tokenizer.encode(settings.prompt());
    List<Long> tokens = Generator.decoder(session).generate(prompt, options).tokens();
    return tokenizer.decode(tokens.stream().mapToLong(id -> id).toArray());
  }

  private static Map<String, String> unavailable() {
    Map<String, String> reasons = new LinkedHashMap<>();
    for (Engine engine : Engines.all()) {
      if (!engine.availability().available()) {
        reasons.put(engine.name(), engine.availability().reason());
      }
    }
    return reasons;
  }
}
