package org.attention4j.models.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The entry of {@code java -jar attention4j.jar}. */
@Command(
    name = "attention4j",
    description = {
      "Define a transformer once in Java, train it on PyTorch, export it to ONNX,",
      "run it on every engine, and prove that all of them compute the same."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      QuickstartCommand.class,
      TrainCommand.class,
      GenerateCommand.class,
      EmbedCommand.class,
      RerankCommand.class,
      ClassifyCommand.class,
      AnswerCommand.class,
      FillMaskCommand.class,
      TranslateCommand.class,
      TranscribeCommand.class,
      RunCommand.class,
      ExportCommand.class,
      CompareCommand.class,
      ConformanceCommand.class,
      GoldenCommand.class,
      DescribeCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:Done.",
      "1:A check failed.",
      "2:Wrong use or bad input; the message says what would be right.",
      "130:Stopped by Ctrl-C.",
      "70:A defect of this program; --stacktrace shows where."
    })
public final class Main {

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = execute(out, err, arguments);
    out.flush();
    err.flush();
    System.exit(code);
  }

  /** Runs a command; returns its exit code. */
  public static int execute(PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine line = new CommandLine(new Main());
    line.setOut(out).setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOverwrittenOptionsAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.setAbbreviatedOptionsAllowed(false);
    line.setParameterExceptionHandler(Failures::onUse);
    line.setExecutionExceptionHandler(Failures::onRun);
    try {
      return line.execute(ArgumentFiles.expand(line, arguments));
    } catch (RuntimeException | Error e) {
      return Failures.report(err, e, List.of(arguments).contains("--stacktrace"));
    }
  }

  /** The version that the jar was built as. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"attention4j " + (version == null ? "(not packaged)" : version)};
    }
  }
}
