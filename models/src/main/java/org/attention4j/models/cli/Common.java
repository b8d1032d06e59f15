package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import org.attention4j.models.store.JsonFile;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Options of every command, and where it writes. */
final class Common {
  @Spec(Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  @SuppressWarnings("unused") // read by picocli
  private boolean help;

  @Option(names = "--json", description = "Print the result as one JSON object on standard output.")
  private boolean json;

  @Option(names = "--quiet", description = "Show no progress.")
  private boolean quiet;

  @Option(names = "--stacktrace", description = "After an error, show where it came from.")
  @SuppressWarnings("unused") // read by Failures
  private boolean stacktrace;

  /** Text for people: on standard output, or not at all if a machine reads that. */
  void say(String line) {
    if (!json) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(line);
      out.flush();
    }
  }

  /** Text without a line break, at once. */
  void stream(String text) {
    if (!json) {
      PrintWriter out = spec.commandLine().getOut();
      out.print(text);
      out.flush();
    }
  }

  /** What is going on: on standard error. */
  void progress(String line) {
    if (!quiet) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(line);
      err.flush();
    }
  }

  /** What a machine reads. */
  void result(ObjectNode result) {
    if (json) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(JsonFile.text(result));
      out.flush();
    }
  }

  boolean json() {
    return json;
  }

  boolean quiet() {
    return quiet;
  }

  CommandSpec spec() {
    return spec;
  }
}
