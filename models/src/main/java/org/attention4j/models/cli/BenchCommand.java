package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.attention4j.error.EngineException;
import org.attention4j.error.UsageException;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Sampling;
import org.attention4j.models.family.Family;
import org.attention4j.models.family.KnownModels;
import org.attention4j.models.run.AttentionOnly;
import org.attention4j.models.run.Examples;
import org.attention4j.models.run.Stopwatch;
import org.attention4j.models.run.Stopwatch.Times;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "bench",
    sortOptions = false,
    description = {
      "Measure training, generation and attention on every engine, briefly.",
      "Medians of repeated runs after a warm-up, engine after engine: a short look at your machine."
          + " Careful figures are in docs/benchmarks.md"
    })
final class BenchCommand implements Callable<Integer> {
  private static final int TOKENS = 48;

  @Option(
      names = {"--engine", "--engines"},
      paramLabel = "NAME",
      split = ",",
      description = "Engines to measure, separated by commas. Default: all that can run here.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "nanogpt-cpu",
      description = "A published model, with random weights. Default: ${DEFAULT-VALUE}.")
  private String name = "nanogpt-cpu";

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "12",
      description = "Sequences in a training batch. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--time",
      paramLabel = "N",
      defaultValue = "64",
      description = "Tokens in a sequence. Default: ${DEFAULT-VALUE}.")
  private int time;

  @Option(
      names = "--attention-time",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "Queries and keys of the attention that is measured alone. Default: ${DEFAULT-VALUE}.")
  private int attentionTime;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "2",
      description = "Seconds for each measurement. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    Family model = KnownModels.get(name);
    if (!model.tokensInput().equals("input_ids")) {
      throw new UsageException("bench measures gpt, bert and llama models, not " + name);
    }
    if (batch < 1 || time < 1 || time > model.context() || attentionTime < 1 || !(seconds > 0)) {
      throw new UsageException(
          "batch, time, attention time and seconds are positive, and time is at most the context of "
              + model.context());
    }
    ArrayNode rows = JsonFile.object().putArray("results");
    List<Engine> engines =
        (names.isEmpty() ? Engines.names() : names).stream().map(Engines::get).toList();
    common.say(
        "%-12s %-34s %12s %14s %6s".formatted("engine", "what", "median ms", "tokens/s", "runs"));
    Weights weights = Parameters.init(Program.of(model.trainable()), 1);
    for (Engine engine : engines) {
      inference(engine, model, weights, rows);
      training(engine, model, weights, rows);
      attention(engine, rows);
    }
    ObjectNode json = JsonFile.object();
    json.put("model", name).set("results", rows);
    common.result(json);
    return Failures.DONE;
  }

  private void show(ArrayNode rows, Engine engine, String what, Times times, double tokens) {
    double rate = tokens / times.medianSeconds();
    common.say(
        String.format(
            Locale.ROOT,
            "%-12s %-34s %12.3f %,14.0f %6d",
            engine.name(),
            what,
            times.medianSeconds() * 1e3,
            rate,
            times.runs()));
    rows.addObject()
        .put("engine", engine.name())
        .put("what", what)
        .put("median_ms", times.medianSeconds() * 1e3)
        .put("least_ms", times.leastSeconds() * 1e3)
        .put("tokens_per_second", rate)
        .put("runs", times.runs());
  }

  private void inference(Engine engine, Family model, Weights weights, ArrayNode rows) {
    Map<String, HostTensor> input = Examples.of(model, 1, time, 1);
    try (Session session = engine.open(Program.of(model), weights, SessionOptions.defaults())) {
      Times run = Stopwatch.measure(() -> session.run(input), seconds);
      show(rows, engine, "logits of 1 x " + time, run, time);
      if (model.family().equals("bert")) {
        return;
      }
      int count = Math.min(TOKENS, model.context() - 1);
      GenerationOptions options = GenerationOptions.of(count, model.context(), Sampling.greedy());
      Generator generator = Generator.decoder(session);
      Times text = Stopwatch.measure(() -> generator.generate(new long[] {1}, options), seconds);
      show(rows, engine, "generate " + count + " tokens, cached", text, count);
    }
  }

  private void training(Engine engine, Family model, Weights weights, ArrayNode rows) {
    Map<String, HostTensor> input = new LinkedHashMap<>(Examples.of(model, batch, time, 2));
    input.put("targets", input.getOrDefault("input_ids", HostTensor.scalar(0L)));
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-4)).clip(1);
    try (Trainer trainer = engine.train(Program.of(model.trainable()), weights, options)) {
      Times step = Stopwatch.measure(() -> trainer.step(input), seconds);
      show(rows, engine, "training step of " + batch + " x " + time, step, (double) batch * time);
    } catch (EngineException e) {
      common.say("%-12s %-34s ".formatted(engine.name(), "training") + e.getMessage());
    }
  }

  private void attention(Engine engine, ArrayNode rows) {
    AttentionOnly model = new AttentionOnly(8, 64);
    Map<String, HostTensor> input = model.example(1, attentionTime, 3);
    try (Session session =
        engine.open(Program.of(model), Weights.empty(), SessionOptions.defaults())) {
      Times run = Stopwatch.measure(() -> session.run(input), seconds);
      show(rows, engine, "causal attention 1 x 8 x " + attentionTime + " x 64", run, attentionTime);
    }
  }
}
