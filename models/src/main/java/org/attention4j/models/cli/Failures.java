package org.attention4j.models.cli;

import java.io.PrintWriter;
import org.attention4j.error.AttentionException;
import org.attention4j.error.NonFiniteException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** One clear line and the right exit code for whatever goes wrong. */
final class Failures {
  static final int DONE = 0;
  static final int CHECK_FAILED = 1;
  static final int WRONG_USE = 2;
  static final int DEFECT = 70;

  private Failures() {}

  /** Options that cannot be read. */
  static int onUse(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    PrintWriter err = command.getErr();
    err.println(name + ": " + problem(e));
    if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, err)) {
      err.println("Try '" + name + " --help'.");
    }
    err.flush();
    return WRONG_USE;
  }

  private static String problem(ParameterException e) {
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched
        && e.getCommandLine().getParent() == null) {
      return "there is no command '" + unmatched.getUnmatched().get(0) + "'";
    }
    return oneLine(String.valueOf(e.getMessage()))
        .replace("option option", "option")
        .replaceFirst("^Error: ", "");
  }

  /** A command that failed. */
  static int onRun(Exception e, CommandLine command, ParseResult result) {
    return report(command.getErr(), e, result.originalArgs().contains("--stacktrace"));
  }

  static int report(PrintWriter err, Throwable e, boolean trace) {
    err.println("attention4j: " + message(e));
    if (trace) {
      e.printStackTrace(err);
    }
    err.flush();
    if (e instanceof NonFiniteException) {
      return CHECK_FAILED;
    }
    return e instanceof AttentionException || e instanceof OutOfMemoryError ? WRONG_USE : DEFECT;
  }

  private static String message(Throwable e) {
    if (e instanceof AttentionException) {
      return oneLine(String.valueOf(e.getMessage()));
    }
    if (e instanceof OutOfMemoryError) {
      return "not enough memory: "
          + e.getMessage()
          + "; use a smaller model or batch, or give the JVM more with -Xmx";
    }
    return "a defect of this program, please report it: " + oneLine(e.toString());
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ");
  }
}
