package org.attention4j.models.cli;

import java.io.Console;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.attention4j.models.run.Evaluation;
import org.attention4j.models.run.TrainingListener;
import org.attention4j.spi.StepResult;
import org.jspecify.annotations.Nullable;

/**
 * Shows a training run: a bar with loss, tokens a second and time left on a terminal, else lines.
 */
final class Progress implements TrainingListener, AutoCloseable {
  private static final int SMOOTHING = 20;

  private final Common common;
  private final boolean bar;
  private @Nullable ProgressBar shown;
  private double loss = Double.NaN;
  private long tokens;
  private long since = System.nanoTime();

  Progress(Common common) {
    this.common = common;
    this.bar = !common.quiet() && onTerminal();
  }

  /** Newer JDKs have a console even where there is no terminal, and a method to tell. */
  @SuppressWarnings("SystemConsoleNull") // both cases are told apart
  private static boolean onTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      Method isTerminal = Console.class.getMethod("isTerminal");
      return Boolean.TRUE.equals(isTerminal.invoke(console));
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }

  @Override
  public void started(String description, long from, long to) {
    String steps = to - from == 1 ? "step " + to : "steps " + (from + 1) + " to " + to;
    common.progress(
        from < to
            ? "Training on %s, %s.".formatted(description, steps)
            : "Opened %s; %s done."
                .formatted(description, to == 1 ? "the only step is" : "all " + to + " steps are"));
    since = System.nanoTime();
    if (bar) {
      shown =
          new ProgressBarBuilder()
              .setTaskName("train")
              .setInitialMax(to)
              .startsFrom(from, Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
  }

  @Override
  public void stepped(StepResult result, long count) {
    tokens += count;
    loss = Double.isNaN(loss) ? result.loss() : loss + (result.loss() - loss) / SMOOTHING;
    ProgressBar current = shown;
    if (current != null) {
      double rate = tokens / Math.max(1e-9, (System.nanoTime() - since) / 1e9);
      current.setExtraMessage(String.format(Locale.ROOT, " loss %.3f, %.0f tokens/s", loss, rate));
      current.stepTo(result.step());
    }
  }

  @Override
  public void evaluated(Evaluation e) {
    common.progress(
        String.format(
            Locale.ROOT,
            "step %d: training loss %.4f, validation loss %.4f (%.0f s)",
            e.step(),
            e.training(),
            e.validation(),
            e.seconds()));
  }

  @Override
  public void saved(Path file, long step) {
    common.progress("step %d: saved %s".formatted(step, file));
  }

  @Override
  public void close() {
    finish();
  }

  /** Takes the bar away, so that what follows has lines of its own. */
  void finish() {
    ProgressBar current = shown;
    if (current != null) {
      current.close();
      shown = null;
    }
  }
}
