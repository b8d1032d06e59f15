package org.attention4j.engine.onnx.export;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.quantize.Quantizer;
import org.attention4j.engine.onnx.quantize.Rounding;
import org.attention4j.engine.onnx.session.OrtRuntime;
import org.attention4j.engine.onnx.train.TrainingGraphs;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Availability;
import org.attention4j.spi.EncoderParts;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Program;
import org.attention4j.spi.StagingFolder;
import org.attention4j.train.Optimizer;
import org.attention4j.weights.Weights;

/**
 * Writes models as ONNX files of opset 17 (23 if attention is to be the standard's), in Optimum's
 * layout.
 *
 * <ul>
 *   <li>Without a cache: {@code model.onnx}.
 *   <li>With a cache: {@code model.onnx}, whose first step takes a past of length 0. If the model
 *       keeps values from its first step (cross-attention), that step is {@code decoder_model.onnx}
 *       and the later ones are {@code decoder_with_past_model.onnx}.
 *   <li>An encoder and a decoder in files of their own: {@code encoder_model.onnx} and {@code
 *       decoder_model.onnx}; with a cache as above, or in {@code decoder_model_merged.onnx}, or
 *       both.
 *   <li>With a variant, such as {@code fp16}, {@code model_fp16.onnx} and so on.
 *   <li>A training step: {@code training_step.onnx}, and the weights it starts with in {@code
 *       model.safetensors}.
 * </ul>
 *
 * <p>Large weights lie beside a model in {@code MODEL.onnx_data}. {@code parity.json} holds the
 * figures of the comparison. The directory changes only when everything has been written and
 * compared. Thread-safe.
 */
public final class OnnxExporter implements Exporter {
  /** The model, or its steps with a past of any length. */
  public static final String MODEL = "model.onnx";

  /** The first step of a model that keeps values from it. */
  public static final String FIRST_STEP = "decoder_model.onnx";

  /** The later steps of a model that keeps values from its first. */
  public static final String LATER_STEPS = "decoder_with_past_model.onnx";

  /** The encoder of an encoder-decoder. */
  public static final String ENCODER = "encoder_model.onnx";

  /** First and later steps of its decoder. */
  public static final String MERGED = "decoder_model_merged.onnx";

  /** Forward, backward and update. */
  public static final String TRAINING_STEP = "training_step.onnx";

  /** What a training step starts with. */
  public static final String WEIGHTS = "model.safetensors";

  /** The figures of the comparison. */
  public static final String PARITY = "parity.json";

  /** For the ServiceLoader; does no work. */
  public OnnxExporter() {}

  @Override
  public String name() {
    return "onnx";
  }

  @Override
  public String version() {
    return version(GraphLowering.OPSET + " or 23");
  }

  private static String version(String opset) {
    return "opset " + opset + ", checked with ONNX Runtime " + OrtRuntime.version();
  }

  @Override
  public Availability availability() {
    return OrtRuntime.availability();
  }

  @Override
  public ExportReport export(
      Program program, Weights weights, Path directory, ExportOptions options) {
    try (StagingFolder staging = new StagingFolder(directory)) {
      try {
        return export(program, weights, staging, options);
      } catch (IOException | RuntimeException e) {
        if (staging.isGone()) { // whatever failed, that is why
          throw new StorageException(
              "the export to " + directory + " was stopped; nothing of it is left", e);
        }
        throw e;
      }
    } catch (IOException e) {
      throw StorageException.of("cannot write the export to " + directory, e);
    } catch (UncheckedIOException e) {
      throw StorageException.of(
          "cannot write the export to " + directory, Objects.requireNonNull(e.getCause()));
    }
  }

  private static ExportReport export(
      Program program, Weights weights, StagingFolder staging, ExportOptions options)
      throws IOException {
    AttentionRemarks remarks = new AttentionRemarks(options);
    write(program, weights, staging.path(), options, remarks);
    List<ExportReport.Comparison> comparisons =
        new Verification(program, weights, options, staging.path()).compare();
    Parity parity =
        new Parity(
            options,
            version("" + lowering(options).opset()),
            comparisons,
            remarks.lines(),
            remarks.cacheInPlace());
    Files.writeString(staging.path().resolve(PARITY), parity.json());
    return parity.report(staging.moveAll(PARITY, () -> {}));
  }

  private static void write(
      Program program,
      Weights weights,
      Path folder,
      ExportOptions options,
      AttentionRemarks remarks)
      throws IOException {
    Optimizer optimizer = options.trainingStep();
    if (optimizer != null) {
      if (options.attention() == AttentionForm.OPSET23) {
        throw new UsageException(
            "a training step has attention as primitives, not as " + options.attention().label());
      }
      Graph step = new TrainingGraphs(program, optimizer, 0).step();
      write(step, Weights.empty(), folder.resolve(TRAINING_STEP), options);
      weights.save(folder.resolve(WEIGHTS));
      return;
    }
    TraceOptions trace =
        TraceOptions.primitives()
            .keeping(GraphLowering.claims(options.precision(), options.attention()));
    EncoderParts parts = options.parts();
    if (parts != null) {
      new PartsWriter(program, weights, options, parts, remarks).write(trace, folder);
      return;
    }
    if (!options.cache()) {
      Graph whole = program.graph(trace);
      write(whole, weights, file(folder, MODEL, options), options);
      remarks.add(MODEL, whole);
      return;
    }
    Graph step = program.graph(trace.withCache(CacheMode.STEP));
    if (Caches.stepMayBegin(step)) {
      OnnxModel model = write(step, weights, file(folder, MODEL, options), options);
      remarks.add(MODEL, step);
      remarks.addCache(model.proto().getGraph());
    } else {
      Graph first = program.graph(trace.withCache(CacheMode.PREFILL));
      write(first, weights, file(folder, FIRST_STEP, options), options);
      write(step, weights, file(folder, LATER_STEPS, options), options);
      remarks.add(FIRST_STEP, first);
      remarks.add(LATER_STEPS, step);
    }
  }

  /** Where a model goes. */
  static Path file(Path folder, String name, ExportOptions options) {
    return folder.resolve(named(name, options));
  }

  /** {@code model.onnx}, or {@code model_VARIANT.onnx}. */
  static String named(String name, ExportOptions options) {
    String tail = options.variant().isEmpty() ? "" : "_" + options.variant();
    return name.replace(".onnx", tail + ".onnx");
  }

  private static OnnxModel write(Graph graph, Weights weights, Path file, ExportOptions options)
      throws IOException {
    OnnxModel model = model(graph, weights, options);
    OnnxFiles.writeModel(file, model, options.externalData());
    return model;
  }

  /** A graph in ONNX as the options say. */
  static OnnxModel model(Graph graph, Weights weights, ExportOptions options) {
    for (String output : graph.outputs().keySet()) {
      if (!GraphLowering.outputName(graph, output).equals(output)) {
        throw new UsageException(
            "output '"
                + output
                + "' has the name of an input or a parameter; in ONNX each name means one value");
      }
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("attention4j.precision", options.precision().label());
    metadata.put("attention4j.weights", options.weights().label());
    metadata.put("attention4j.parameters", Long.toString(weights.parameterCount()));
    Lowering lowering = lowering(options).withMetadata(metadata);
    OnnxModel model = GraphLowering.lower(graph, weights, lowering);
    // a training step has its weights among the inputs
    return Quantizer.apply(model, new Rounding(options.weights(), options.block()));
  }

  private static Lowering lowering(ExportOptions options) {
    return Lowering.in(options.precision()).with(options.attention());
  }
}
