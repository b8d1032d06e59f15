package org.attention4j.conformance.golden;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.json.JsonValue;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.train.AdamW;
import org.attention4j.train.Optimizer;
import org.attention4j.train.ParameterGroup;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;

/** Reads which optimizer and schedule a recording used from its own words. */
final class Optimizers {
  private Optimizers() {}

  /** The trainer's options; empty if the words name something that is not here. */
  static Optional<TrainerOptions> of(JsonValue info) {
    String op = info.get("op").text();
    Optional<Schedule> schedule = schedule(op, info.get("lr").asDouble());
    if (schedule.isEmpty()) {
      return Optional.empty();
    }
    Optional<Optimizer> optimizer = optimizer(op.toLowerCase(Locale.ROOT), info, schedule.get());
    double clip = info.has("clip_grad_norm") ? info.get("clip_grad_norm").asDouble() : 0;
    return optimizer.map(o -> TrainerOptions.of(o).clip(clip));
  }

  private static Optional<Optimizer> optimizer(String op, JsonValue info, Schedule schedule) {
    for (String other : List.of("amsgrad", "dampening", "maximize")) {
      if (info.has(other) && !isOff(info.get(other))) {
        return Optional.empty();
      }
    }
    List<ParameterGroup> groups =
        List.of(ParameterGroup.all(number(info, "weight_decay").orElse(0)));
    if (op.contains("sgd")) {
      boolean nesterov = info.has("nesterov") && info.get("nesterov").asBoolean();
      return Optional.of(new Sgd(schedule, number(info, "momentum").orElse(0), nesterov, groups));
    }
    if (!op.contains("adam") || op.matches(".*(adamax|nadam|radam|sparseadam).*")) {
      return Optional.empty();
    }
    boolean decoupled = op.contains("adamw");
    if (decoupled && !info.has("weight_decay")) {
      groups = List.of(ParameterGroup.all(0.01)); // PyTorch's default
    }
    double first = info.has("betas") ? info.get("betas").items().get(0).asDouble() : 0.9;
    double second = info.has("betas") ? info.get("betas").items().get(1).asDouble() : 0.999;
    double epsilon = number(info, "eps").orElse(1e-8);
    return Optional.of(new AdamW(schedule, first, second, epsilon, decoupled, groups));
  }

  private static boolean isOff(JsonValue value) {
    return value instanceof JsonValue.Bool flag ? !flag.value() : value.asDouble() == 0;
  }

  private static OptionalDouble number(JsonValue info, String field) {
    return info.has(field) ? OptionalDouble.of(info.get(field).asDouble()) : OptionalDouble.empty();
  }

  /** The schedule that the words name; a constant rate if they name none. */
  private static Optional<Schedule> schedule(String op, double rate) {
    if (op.contains("CosineAnnealingLR")) {
      double least = argument(op, "eta_min").orElse(0);
      long steps = (long) argument(op, "T_max").orElse(0);
      return Optional.of(new Schedule.CosineWave(rate, least, steps));
    }
    if (op.contains("LinearLR")) {
      double from = rate * argument(op, "start_factor").orElse(1.0 / 3);
      double to = rate * argument(op, "end_factor").orElse(1);
      return Optional.of(Schedule.linear(from, to, (long) argument(op, "total_iters").orElse(5)));
    }
    if (op.contains("StepLR") && !op.contains("MultiStepLR")) {
      long every = (long) argument(op, "step_size").orElse(0);
      return Optional.of(new Schedule.Decay(rate, argument(op, "gamma").orElse(0.1), every));
    }
    if (op.contains("ExponentialLR")) {
      return Optional.of(new Schedule.Decay(rate, argument(op, "gamma").orElse(0.1), 1));
    }
    if (op.contains("PolynomialLR")) {
      long steps = (long) argument(op, "total_iters").orElse(5);
      double power = argument(op, "power").orElse(1);
      return Optional.of(new Schedule.Polynomial(rate, 0, steps, power));
    }
    return withWarmUp(op, rate);
  }

  /** The schedules of transformers. */
  private static Optional<Schedule> withWarmUp(String op, double rate) {
    long warmUp = (long) argument(op, "num_warmup_steps").orElse(0);
    long rest = (long) argument(op, "num_training_steps").orElse(0) - warmUp;
    if (op.contains("get_cosine_schedule_with_warmup")) {
      double waves = argument(op, "num_cycles").orElse(0.5);
      long half = Math.round(rest / (2 * waves));
      return Optional.of(warmed(warmUp, rate, new Schedule.CosineWave(rate, 0, half)));
    }
    if (op.contains("get_linear_schedule_with_warmup")) {
      return Optional.of(warmed(warmUp, rate, Schedule.linear(rate, 0, rest)));
    }
    if (op.contains("get_constant_schedule_with_warmup")) {
      return Optional.of(warmed(warmUp, rate, Schedule.constant(rate)));
    }
    if (op.contains("get_polynomial_decay_schedule_with_warmup")) {
      double end = argument(op, "lr_end").orElse(1e-7);
      double power = argument(op, "power").orElse(1);
      return Optional.of(warmed(warmUp, rate, new Schedule.Polynomial(rate, end, rest, power)));
    }
    if (op.contains("get_inverse_sqrt_schedule")) {
      long scale = (long) argument(op, "timescale").orElse(warmUp == 0 ? 1e4 : (double) warmUp);
      return Optional.of(warmed(warmUp, rate, new Schedule.InverseSquareRoot(rate, scale)));
    }
    boolean none = !op.matches(".*(LR\\(|schedule(?!r?d)|Scheduler).*");
    return none || op.contains("get_constant_schedule")
        ? Optional.of(Schedule.constant(rate))
        : Optional.empty();
  }

  private static Schedule warmed(long steps, double rate, Schedule after) {
    return steps == 0 ? after : new Schedule.WarmUp(steps, rate, 0, after);
  }

  private static OptionalDouble argument(String op, String name) {
    Matcher matcher = Pattern.compile(name + "=([-+0-9.eE]+)").matcher(op);
    return matcher.find()
        ? OptionalDouble.of(Double.parseDouble(matcher.group(1)))
        : OptionalDouble.empty();
  }
}
