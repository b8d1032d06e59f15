package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.export.CheckpointExport;
import org.attention4j.models.export.FamilyExport;
import org.attention4j.models.export.Layout;
import org.attention4j.models.family.Family;
import org.attention4j.models.run.Examples;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Program;
import org.attention4j.spi.WeightFormat;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "export",
    sortOptions = false,
    description = {
      "Write a model as ONNX, for any program that runs ONNX; one of Hugging Face's with the files"
          + " that Optimum, transformers.js and onnxruntime-genai expect beside it.",
      "What was written is opened again and compared with an engine on several batch and time sizes;"
          + " the figures go to parity.json beside it. If they are outside the tolerance the exit"
          + " code is 1."
    })
final class ExportCommand implements Callable<Integer> {
  @Mixin private AdaptedSource from = new AdaptedSource();

  @Option(
      names = "--to",
      paramLabel = "DIR",
      required = true,
      description = "Directory to write to; created if it is not there.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path to;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      defaultValue = "onnx",
      description = "Exporter to write with; onnx is the one there is. Default: ${DEFAULT-VALUE}.")
  private String format = "onnx";

  @Option(
      names = "--source",
      paramLabel = "ENGINE",
      defaultValue = "reference",
      description = "Engine to compare with. Default: ${DEFAULT-VALUE}.")
  private String source = "reference";

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "f32",
      description =
          "Floating type of the file: f32, f16 or f64; or int8 or int4, for linear layers of a model of"
              + " Hugging Face's in ONNX Runtime's operators. Then the cosine of the outputs decides"
              + " in the place of the tolerance. Default: ${DEFAULT-VALUE}.")
  private String precision = "f32";

  @Option(
      names = "--block",
      paramLabel = "N",
      description =
          "How many weights share a scale with int4, and with int8 and a cache: 16 to 256, a power of"
              + " 2. Larger blocks are read faster and are less exact. Default: 32.")
  private @Nullable Integer block;

  @Option(
      names = "--tolerance",
      paramLabel = "E",
      description = "Largest difference that passes. Default: 1e-4, and 5e-2 for f16.")
  private @Nullable Double tolerance;

  @Option(
      names = "--task",
      paramLabel = "NAME",
      defaultValue = CheckpointExport.AUTO,
      description =
          "What a model of Hugging Face's is exported for, in Optimum's words: text-generation,"
              + " text2text-generation, fill-mask, text-classification, token-classification,"
              + " image-classification, feature-extraction, sentence-similarity; with -with-past"
              + " for a cache. Default: ${DEFAULT-VALUE}, as config.json says.")
  private String task = CheckpointExport.AUTO;

  @Option(
      names = "--layout",
      paramLabel = "NAME",
      defaultValue = "optimum",
      description =
          "Where the files of a model of Hugging Face's lie: optimum (at the top), transformers.js"
              + " (models in onnx/) or genai. Default: ${DEFAULT-VALUE}.")
  private String layout = "optimum";

  @Option(
      names = {"--with-cache", "--cache"},
      description = "Write a model that takes and returns keys and values of earlier tokens.")
  private boolean cache;

  @Option(
      names = "--external-data",
      description = "Put the weights into a file of their own, whatever their size.")
  private boolean externalData;

  @Option(
      names = "--attention",
      paramLabel = "FORM",
      description =
          "How attention is written: function (a node of our own domain that carries its expansion,"
              + " so that any runtime runs it and one with the kernel is faster), primitives, gqa (ONNX"
              + " Runtime's GroupQueryAttention, which can write a cache in place), or opset23 (the"
              + " operator Attention that ONNX has since opset 23)."
              + " Default: primitives for models of Hugging Face's, else function.")
  private @Nullable String attention;

  @Option(
      names = "--training-step",
      description = "Write one training step: forward, backward and AdamW.")
  private boolean trainingStep;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      defaultValue = "1e-3",
      description = "Rate of the training step that is checked. Default: ${DEFAULT-VALUE}.")
  private double learningRate;

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    return StopNotice.during("the export to " + to, this::export);
  }

  private int export() {
    if (trainingStep && cache) {
      throw new UsageException("a training step has no cache; leave out --cache");
    }
    if (block != null && !precision.startsWith("int")) {
      throw new UsageException("--block belongs to --precision int8 or int4, not " + precision);
    }
    Exporter exporter = Exporter.get(format);
    Writable.directory(to);
    if (CheckpointExport.serves(from.path()) && !trainingStep) {
      return checkpoint(exporter);
    }
    ModelDirectory directory = from.open();
    Family model = directory.model();
    List<Map<String, HostTensor>> examples = Examples.several(model, 1);
    DType type = PlaceOptions.precision(precision);
    ExportOptions options =
        ExportOptions.of(source, trainingStep ? withTargets(model, examples) : examples)
            .withPrecision(type, tolerance(type))
            .withCache(cache)
            .withExternalData(externalData)
            .withAttention(form(AttentionForm.FUNCTION));
    if (trainingStep) {
      options = options.withTrainingStep(AdamW.lr(learningRate));
    }
    common.progress("Writing and checking with " + exporter.version() + ".");
    Program program = Program.of(trainingStep ? model.trainable() : model);
    return finish(FamilyExport.write(directory, program, exporter, options, to));
  }

  private int checkpoint(Exporter exporter) {
    int bits = precision.equals("int8") ? 8 : precision.equals("int4") ? 4 : 0;
    if (bits == 0 && !List.of("f32", "f16", "f64").contains(precision)) {
      throw new UsageException(
          "--precision of an export is f32, f16, f64, int8 or int4, not '" + precision + "'");
    }
    DType type = bits == 0 ? PlaceOptions.precision(precision) : DType.F32;
    CheckpointExport export =
        CheckpointExport.of(from.path())
            .withTask(task)
            .withLayout(Layout.parse(layout))
            .withCache(cache)
            .withSource(source)
            .withPrecision(type, tolerance(type))
            .withBits(bits)
            .withBlock(block == null ? WeightFormat.USUAL_BLOCK : block)
            .withAttention(form(AttentionForm.PRIMITIVES))
            .withExternalData(externalData);
    common.progress("Writing and checking with " + exporter.version() + ".");
    return finish(from.export(export, to));
  }

  private double tolerance(DType type) {
    return tolerance != null ? tolerance : type == DType.F16 ? 5e-2 : 1e-4;
  }

  private AttentionForm form(AttentionForm otherwise) {
    return attention == null ? otherwise : AttentionForm.parse(attention);
  }

  private int finish(ExportReport report) {
    common.result(json(report));
    show(report);
    return report.passed() ? Failures.DONE : Failures.CHECK_FAILED;
  }

  /** Every token is to predict itself: any labels do for comparing. */
  private static List<Map<String, HostTensor>> withTargets(
      Family model, List<Map<String, HostTensor>> examples) {
    List<Map<String, HostTensor>> labelled = new ArrayList<>();
    for (Map<String, HostTensor> example : examples) {
      Map<String, HostTensor> more = new LinkedHashMap<>(example);
      HostTensor tokens = example.get(model.tokensInput());
      if (tokens != null) {
        more.put("targets", tokens);
      }
      labelled.add(more);
    }
    return labelled;
  }

  private static ObjectNode json(ExportReport report) {
    ObjectNode json = JsonFile.object();
    json.put("passed", report.passed())
        .put("source", report.source())
        .put("target", report.target())
        .put("max_abs_difference", report.worst());
    if (report.leastCosine() > 0) {
      json.put("least_cosine", report.leastCosine()).put("cosine", report.cosine());
    } else {
      json.put("tolerance", report.tolerance());
    }
    ArrayNode files = json.putArray("files");
    report.files().forEach(file -> files.add(file.getFileName().toString()));
    if (!report.attention().isEmpty()) {
      json.set("attention", JsonFile.tree(report.attention()));
    }
    ArrayNode rows = json.putArray("comparisons");
    for (ExportReport.Comparison c : report.comparisons()) {
      ObjectNode row = rows.addObject().put("cached", c.cached());
      row.set("shapes", JsonFile.tree(c.shapes()));
      row.set("max_abs_difference", JsonFile.tree(c.differences()));
      if (!c.closeness().isEmpty()) {
        row.set("closeness", JsonFile.tree(c.closeness()));
      }
    }
    return json;
  }

  private void show(ExportReport report) {
    for (ExportReport.Comparison c : report.comparisons()) {
      double worst = c.differences().values().stream().mapToDouble(d -> d).max().orElse(0);
      common.say(
          String.format(
              Locale.ROOT,
              "  %-60s %s  largest difference %.2e",
              new TreeMap<>(c.shapes()),
              c.cached() ? "cached" : "whole ",
              worst));
    }
    report.attention().forEach(line -> common.say("  Attention in " + line));
    if (report.leastCosine() > 0) {
      common.say(
          String.format(
              Locale.ROOT,
              "%s: %s against %s with rounded weights, which are not equal: smallest cosine %.5f,"
                  + " least that passes %.3f, largest difference %.2e.%s Written: %s",
              report.passed() ? "Close" : "NOT CLOSE",
              report.target(),
              report.source(),
              report.cosine(),
              report.leastCosine(),
              report.worst(),
              perplexities(report),
              report.files()));
      return;
    }
    common.say(
        String.format(
            Locale.ROOT,
            "%s: %s against %s, largest difference %.2e, tolerance %.0e. Written: %s",
            report.passed() ? "Passed" : "FAILED",
            report.target(),
            report.source(),
            report.worst(),
            report.tolerance(),
            report.files()));
  }

  /** Of the longest example's own tokens; empty for a model that predicts none. */
  private static String perplexities(ExportReport report) {
    return report.comparisons().stream()
        .map(ExportReport.Comparison::closeness)
        .filter(measures -> measures.containsKey("perplexity.source"))
        .reduce((first, second) -> second)
        .map(
            measures ->
                String.format(
                    Locale.ROOT,
                    " Perplexity of an example's tokens %.3f, at the source %.3f.",
                    measures.get("perplexity.file"),
                    measures.get("perplexity.source")))
        .orElse("");
  }
}
