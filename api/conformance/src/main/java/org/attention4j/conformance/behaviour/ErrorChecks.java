package org.attention4j.conformance.behaviour;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Suite;
import org.attention4j.error.AttentionException;
import org.attention4j.error.DTypeException;
import org.attention4j.error.EngineException;
import org.attention4j.error.NonFiniteException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;

/** Bad input: the promised exception, and a message that names what was wrong. */
public final class ErrorChecks {
  private ErrorChecks() {}

  /** All of them. */
  public static List<Check> all() {
    List<Check> checks = new ArrayList<>();
    inputs(checks);
    weights(checks);
    options(checks);
    training(checks);
    return checks;
  }

  private static Check check(String name, Mode needs, Behaviour.Probe probe) {
    return new Behaviour("errors/" + name, Suite.ERRORS, needs, probe);
  }

  /** What is wrong with how an action fails, or an empty text. */
  private static String fails(
      Class<? extends AttentionException> wanted, List<String> words, Runnable action) {
    try {
      action.run();
    } catch (AttentionException e) {
      if (!wanted.isInstance(e)) {
        return "wanted " + wanted.getSimpleName() + ", got " + e;
      }
      for (String word : words) {
        if (!String.valueOf(e.getMessage()).contains(word)) {
          return "the message does not say '" + word + "': " + e.getMessage();
        }
      }
      return "";
    } catch (RuntimeException | LinkageError e) {
      return "wanted " + wanted.getSimpleName() + ", got " + e;
    }
    return "wanted " + wanted.getSimpleName() + ", but nothing was refused";
  }

  private static void inputs(List<Check> checks) {
    Program program = Fixture.gpt();
    HostTensor ids = Fixture.ids(new Random(1), 2, 3);
    checks.add(
        run(
            "unknown-input",
            UsageException.class,
            List.of("surprise"),
            program,
            Map.of("input_ids", ids, "surprise", ids)));
    checks.add(run("missing-input", UsageException.class, List.of("input_ids"), program, Map.of()));
    HostTensor flat = Fixture.ids(new Random(1), 2, 3).reshape(6);
    checks.add(
        run(
            "wrong-rank",
            ShapeException.class,
            List.of("input_ids"),
            program,
            Map.of("input_ids", flat)));
    HostTensor real = HostTensor.zeros(DType.F32, 2, 3);
    checks.add(
        run(
            "wrong-dtype",
            DTypeException.class,
            List.of("input_ids"),
            program,
            Map.of("input_ids", real)));
    Program padded = program.with("attention_mask", TensorType.i64("batch", "time"));
    HostTensor mask = HostTensor.zeros(DType.I64, 2, 4);
    checks.add(
        run(
            "sizes-disagree",
            ShapeException.class,
            List.of("attention_mask", "4"),
            padded,
            Map.of("input_ids", ids, "attention_mask", mask)));
    HostTensor beyond = HostTensor.of(new long[] {0, 1, 1000}, 1, 3);
    checks.add(
        run(
            "index-beyond-table",
            AttentionException.class,
            List.of(),
            program,
            Map.of("input_ids", beyond)));
  }

  private static Check run(
      String name,
      Class<? extends AttentionException> wanted,
      List<String> words,
      Program program,
      Map<String, HostTensor> inputs) {
    return check(
        name,
        Mode.INFERENCE,
        bench -> {
          Weights weights = Fixture.weights(program, bench.seed());
          try (Session session = Fixture.open(bench.engine(), program, weights)) {
            String problem = fails(wanted, words, () -> session.run(inputs));
            return problem.isEmpty() ? stillRuns(session, program, bench) : problem;
          }
        });
  }

  /** A refused call leaves the session usable. */
  private static String stillRuns(Session session, Program program, Bench bench) {
    Map<String, HostTensor> good = new LinkedHashMap<>(Fixture.prompt(new Random(2), 2, 3));
    if (program.inputs().containsKey("attention_mask")) {
      good.put("attention_mask", HostTensor.of(new long[] {1, 1, 1, 1, 1, 1}, 2, 3));
    }
    Map<String, HostTensor> truth =
        Fixture.truth(program, Fixture.weights(program, bench.seed()), good);
    String far = Fixture.far(truth, session.run(good), 1e-4);
    return far.isEmpty() ? "" : "after the refused call, " + far;
  }

  private static void weights(List<Check> checks) {
    Program program = Fixture.gpt();
    String path = "transformer.wte.weight";
    checks.add(
        check(
            "missing-weight",
            Mode.INFERENCE,
            bench ->
                fails(
                    WeightsException.class,
                    List.of(path),
                    () ->
                        Fixture.open(
                                bench.engine(), program, Fixture.weights(program, 1).without(path))
                            .close())));
    checks.add(
        check(
            "weight-of-another-shape",
            Mode.INFERENCE,
            bench ->
                fails(
                    WeightsException.class,
                    List.of(path, "[3, 4]"),
                    () ->
                        Fixture.open(
                                bench.engine(),
                                program,
                                Fixture.weights(program, 1)
                                    .with(path, HostTensor.zeros(DType.F32, 3, 4)))
                            .close())));
  }

  private static void options(List<Check> checks) {
    Program program = Fixture.gpt();
    checks.add(
        check(
            "device-that-is-not-there",
            Mode.INFERENCE,
            bench -> {
              Device device = Device.gpu(97);
              return fails(
                  EngineException.class,
                  List.of("cpu"),
                  () ->
                      bench
                          .engine()
                          .open(
                              program,
                              Fixture.weights(program, 1),
                              SessionOptions.defaults().on(device))
                          .close());
            }));
    checks.add(
        check(
            "unknown-property",
            Mode.INFERENCE,
            bench ->
                fails(
                    UsageException.class,
                    List.of("warp-drive"),
                    () ->
                        bench
                            .engine()
                            .open(
                                program,
                                Fixture.weights(program, 1),
                                SessionOptions.defaults().with("warp-drive", "on"))
                            .close())));
    checks.add(
        check(
            "closed-session",
            Mode.INFERENCE,
            bench -> {
              Session session = Fixture.open(bench.engine(), program, Fixture.weights(program, 1));
              session.close();
              return fails(
                  AttentionException.class,
                  List.of("closed"),
                  () -> session.run(Fixture.prompt(new Random(1), 1, 2)));
            }));
  }

  private static void training(List<Check> checks) {
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-3));
    checks.add(
        check(
            "no-loss",
            Mode.TRAINING,
            bench ->
                fails(
                    UsageException.class,
                    List.of("loss"),
                    () ->
                        bench
                            .engine()
                            .train(Fixture.gpt(), Fixture.weights(Fixture.gpt(), 1), options)
                            .close())));
    Program lessons = Fixture.lessons(0);
    checks.add(
        check(
            "no-micro-batch",
            Mode.TRAINING,
            bench -> {
              try (Trainer trainer =
                  bench.engine().train(lessons, Fixture.weights(lessons, 1), options)) {
                return fails(
                    UsageException.class, List.of("micro-batch"), () -> trainer.step(List.of()));
              }
            }));
    checks.add(
        check(
            "state-of-another-optimizer",
            Mode.TRAINING,
            bench -> {
              try (Trainer trainer =
                      bench.engine().train(lessons, Fixture.weights(lessons, 1), options);
                  Trainer other =
                      bench
                          .engine()
                          .train(
                              lessons,
                              Fixture.weights(lessons, 1),
                              TrainerOptions.of(Sgd.of(Schedule.constant(1))))) {
                return fails(
                    WeightsException.class,
                    List.of("optimizer"),
                    () -> trainer.restore(other.state()));
              }
            }));
    checks.add(check("loss-not-finite", Mode.TRAINING, ErrorChecks::notFinite));
  }

  /** A loss that is not finite is refused, and nothing is updated. */
  private static String notFinite(Bench bench) {
    Program lessons = Fixture.lessons(0);
    String path = "transformer.wpe.weight";
    Weights weights = Fixture.weights(lessons, bench.seed());
    HostTensor poisoned = weights.get(path).copy();
    poisoned.set(5, Double.NaN);
    Weights start = weights.with(path, poisoned);
    try (Trainer trainer =
        bench.engine().train(lessons, start, TrainerOptions.of(AdamW.lr(1e-3)))) {
      String problem =
          fails(
              NonFiniteException.class,
              List.of("loss"),
              () -> trainer.step(Fixture.lesson(new Random(1), 1, 3)));
      if (!problem.isEmpty()) {
        return problem;
      }
      String changed = Fixture.unequal(start.tensors(), trainer.weights().tensors());
      return changed.isEmpty() ? "" : "updated in spite of it: " + changed;
    }
  }
}
