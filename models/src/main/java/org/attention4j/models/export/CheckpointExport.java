package org.attention4j.models.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.family.Architectures;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.EncoderParts;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Program;
import org.attention4j.spi.WeightFormat;
import org.attention4j.tensor.DType;
import org.jspecify.annotations.Nullable;

/**
 * Writes a directory of Hugging Face's as ONNX, with the files that others read beside it.
 *
 * <pre>{@code
 * ExportReport report =
 *     CheckpointExport.of(Path.of("gpt2")).withCache(true).to(Path.of("gpt2-onnx"));
 * }</pre>
 *
 * <p>What was written is opened again and compared with the source engine on several batch and time
 * sizes, padded rows and cached steps included; the figures are in the report and in {@code
 * parity.json}. Immutable, thread-safe.
 *
 * @param from a directory as Hugging Face publishes it
 * @param task Optimum's name of what it is exported for; {@code auto} goes by {@code config.json}
 * @param layout where the files lie
 * @param cache whether a model that generates takes and returns keys and values of earlier tokens
 * @param source the engine that the files must agree with
 * @param precision of weights and computation: f32 or f16
 * @param bits of the linear layers' weights if they are rounded: 8 or 4; 0 leaves them as they are
 * @param block weights that share a scale, of those in 4 bits and, with a cache, in 8: 16 to 256, a
 *     power of 2
 * @param tolerance largest absolute difference that passes
 * @param attention how attention is written
 * @param externalData whether weights lie in a file of their own, whatever their size
 */
public record CheckpointExport(
    Path from,
    String task,
    Layout layout,
    boolean cache,
    String source,
    DType precision,
    int bits,
    int block,
    double tolerance,
    AttentionForm attention,
    boolean externalData) {

  /** The task that {@code config.json} names. */
  public static final String AUTO = "auto";

  private static final double TOLERANCE = 1e-4;
  private static final String ONNX = ".onnx";
  private static final String DATA = ".onnx_data";
  static final String PARITY = "parity.json";
  private static final String PLAIN = "fp32";

  /** Whether a directory holds a model of a family of Hugging Face's. */
  public static boolean serves(Path directory) {
    Path config = directory.resolve(ModelFiles.CONFIG);
    return Files.isRegularFile(config) && Architectures.knows(Config.read(config).modelType());
  }

  /** f32, attention as primitives, Optimum's layout, no cache, against the reference engine. */
  public static CheckpointExport of(Path from) {
    return new CheckpointExport(
        from,
        AUTO,
        Layout.OPTIMUM,
        false,
        "reference",
        DType.F32,
        0,
        WeightFormat.USUAL_BLOCK,
        TOLERANCE,
        AttentionForm.PRIMITIVES,
        false);
  }

  public CheckpointExport withTask(String newTask) {
    return with(draft -> draft.task = newTask);
  }

  public CheckpointExport withLayout(Layout newLayout) {
    return with(draft -> draft.layout = newLayout);
  }

  public CheckpointExport withCache(boolean on) {
    return with(draft -> draft.cache = on);
  }

  public CheckpointExport withSource(String engine) {
    return with(draft -> draft.source = engine);
  }

  public CheckpointExport withPrecision(DType newPrecision, double newTolerance) {
    return with(
        draft -> {
          draft.precision = newPrecision;
          draft.tolerance = newTolerance;
        });
  }

  /** Rounded weights: 8 or 4 bits; {@link WeightFormat} says how, and what passes as close. */
  public CheckpointExport withBits(int newBits) {
    return with(draft -> draft.bits = newBits);
  }

  /** Rounded weights in larger or smaller blocks: faster and less exact, or the other way round. */
  public CheckpointExport withBlock(int size) {
    return with(draft -> draft.block = size);
  }

  public CheckpointExport withAttention(AttentionForm form) {
    return with(draft -> draft.attention = form);
  }

  public CheckpointExport withExternalData(boolean on) {
    return with(draft -> draft.externalData = on);
  }

  /**
   * Writes the export and compares it; see {@link ExportReport#passed} for the result.
   *
   * @param directory created if it is not there; older files of the same names are replaced, and
   *     others that an earlier export wrote there are taken away unless they were changed since. In
   *     the layout of transformers.js models of other precisions stay beside
   * @throws UsageException if the family or task is unknown, or the model cannot serve the task
   * @throws org.attention4j.error.FileFormatException if a file is damaged
   * @throws org.attention4j.error.WeightsException if weights do not fit the configuration
   * @throws org.attention4j.error.EngineException if the model cannot be written as asked
   * @throws StorageException if a file cannot be read or written
   */
  public ExportReport to(Path directory) {
    return write(open(), directory);
  }

  /**
   * The same with a low-rank adapter merged into the weights; see {@link #to}.
   *
   * @param adapter a directory in PEFT's format
   */
  public ExportReport merged(Path adapter, Path directory) {
    return write(open().adapted(adapter), directory);
  }

  private ExportReport write(Checkpoint checkpoint, Path directory) {
    Pretrained model = checkpoint.model();
    boolean cached = cached(model.task());
    if (attention == AttentionForm.GQA && !cached) {
      throw new UsageException("attention as gqa goes over a cache; export with --with-cache");
    }
    ExportedModel exported = new ExportedModel(model);
    Program program = Program.of(exported);
    ExportOptions options =
        ExportOptions.of(source, ExportExamples.of(exported))
            .withPrecision(precision, tolerance)
            .withCache(cached)
            .withExternalData(externalData)
            .withAttention(attention)
            .withParts(parts(model))
            .withWeights(weights(cached))
            .withBlock(block)
            .withVariant(variant());
    return StagedExport.into(
        directory,
        kind(),
        staged -> {
          Path place = staged.place();
          Path folder = place.resolve(layout.folder());
          ModelFiles.create(folder);
          ExportReport report =
              Exporter.get("onnx").export(program, checkpoint.weights(), folder, options);
          List<Path> files = new ArrayList<>(report.files());
          if (!folder.equals(place)) {
            files.replaceAll(
                file -> file.endsWith(PARITY) ? moved(file, place.resolve(PARITY)) : file);
          }
          List<Path> copies = BesideFiles.copy(from, directory, place);
          files.addAll(copies);
          BesideFiles.describe(exported.model().config(), from, directory, place);
          if (cached && exported.decodes()) {
            files.add(genai(exported, program, place, files, report.cacheInPlace()));
          }
          markExternalData(directory, place, files);
          List<Path> written = new ArrayList<>(files);
          if (same(from, directory)) { // what lies beside is the checkpoint's own
            written.removeAll(copies);
            staged.keep(copies);
          }
          staged.add(written);
          return report.in(staged.targets(files));
        });
  }

  private Path genai(
      ExportedModel exported, Program program, Path place, List<Path> files, boolean cacheInPlace)
      throws IOException {
    Path first = files.stream().filter(f -> f.toString().endsWith(ONNX)).findFirst().orElseThrow();
    String file = place.relativize(first).toString().replace('\\', '/');
    Path genai = place.resolve(GenaiConfig.FILE);
    JsonFile.write(genai, GenaiConfig.of(exported.model(), program, file, from, cacheInPlace));
    return genai;
  }

  /** With a cache for single tokens, else for whole sequences. */
  private WeightFormat weights(boolean cached) {
    return switch (bits) {
      case 0 -> WeightFormat.FLOATING;
      case 4 -> WeightFormat.INT4;
      case 8 -> cached ? WeightFormat.INT8 : WeightFormat.INT8_DYNAMIC;
      default -> throw new UsageException("weights are rounded to 8 or 4 bits, not to " + bits);
    };
  }

  private Checkpoint open() {
    Config config = Config.read(from.resolve(ModelFiles.CONFIG));
    if (!task.equals(AUTO)) {
      return HuggingFace.open(from, Architectures.read(config, ExportTask.head(task)));
    }
    Pretrained named = Architectures.read(config);
    boolean both = named.task() == Task.PRETRAINING; // of two heads others know the first
    return HuggingFace.open(from, both ? Architectures.read(config, Task.MASKED_LM) : named);
  }

  /** Of an encoder-decoder: what transformers.js reads is one file of all steps. */
  private @Nullable EncoderParts parts(Pretrained model) {
    String encoder = model.observable().get("encoder_last_hidden_state");
    boolean two = model.inputs().containsKey("decoder_input_ids");
    if (encoder == null || !two) {
      return null;
    }
    return new EncoderParts(encoder, layout != Layout.TRANSFORMERS_JS, layout != Layout.GENAI);
  }

  private boolean cached(Task head) {
    boolean asked = cache || ExportTask.wantsCache(task);
    boolean generates = ExportTask.generates(head);
    if (asked && !generates) {
      throw new UsageException(
          "a model for " + head.label() + " generates no text, so it keeps no cache");
    }
    return generates && (asked || layout.needsCache());
  }

  /**
   * transformers.js looks for weights beside a model only if the configuration says so, which has
   * just been copied: of the models written now, and of others that lie in the folder.
   */
  private void markExternalData(Path directory, Path place, List<Path> written) {
    if (layout != Layout.TRANSFORMERS_JS) {
      return;
    }
    Set<String> models = new TreeSet<>();
    Path earlier = directory.resolve(layout.folder());
    for (Path folder : List.of(place.resolve(layout.folder()), earlier)) {
      for (String model : besideData(folder)) {
        Path now = place.resolve(layout.folder()).resolve(model);
        if (!folder.equals(earlier) || !written.contains(now)) {
          models.add(model);
        }
      }
    }
    ObjectNode beside = JsonFile.object();
    models.forEach(model -> beside.put(model, true));
    Path copy = place.resolve(ModelFiles.CONFIG); // none if it is there already
    boolean own = !Files.exists(copy);
    ObjectNode config = JsonFile.read(own ? directory.resolve(ModelFiles.CONFIG) : copy);
    if (!beside.isEmpty()) {
      config.withObject("/transformers.js_config").set("use_external_data_format", beside);
      JsonFile.write(copy, config);
    } else if (config.at("/transformers.js_config") instanceof ObjectNode other
        && other.remove("use_external_data_format") != null) { // it was said of other files
      JsonFile.write(copy, config);
    }
  }

  /** Models whose weights lie beside them. */
  private static List<String> besideData(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> inside = Files.list(folder)) {
      return inside
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(DATA))
          .map(name -> name.substring(0, name.length() - DATA.length()) + ONNX)
          .toList();
    } catch (IOException e) {
      throw StorageException.of("cannot read " + folder, e);
    }
  }

  /** Of file names, where models with several kinds of weights may lie side by side. */
  private String variant() {
    return kind().equals(PLAIN) ? "" : kind();
  }

  /** What transformers.js calls such weights; empty in other layouts, where they lie alone. */
  private String kind() {
    if (layout != Layout.TRANSFORMERS_JS) {
      return "";
    }
    return bits == 4 ? "q4" : bits == 8 ? "quantized" : precision == DType.F16 ? "fp16" : PLAIN;
  }

  static boolean same(Path one, Path two) {
    try {
      return Files.isSameFile(one, two);
    } catch (IOException e) {
      throw StorageException.of("cannot compare " + one + " with " + two, e);
    }
  }

  private static Path moved(Path file, Path target) {
    try {
      return Files.move(file, target, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw StorageException.of("cannot move " + file + " to " + target, e);
    }
  }

  private CheckpointExport with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.done();
  }

  /** The same, open to change. */
  private static final class Draft {
    private final Path from;
    private String task;
    private Layout layout;
    private boolean cache;
    private String source;
    private DType precision;
    private int bits;
    private int block;
    private double tolerance;
    private AttentionForm attention;
    private boolean externalData;

    Draft(CheckpointExport other) {
      from = other.from;
      task = other.task;
      layout = other.layout;
      cache = other.cache;
      source = other.source;
      precision = other.precision;
      bits = other.bits;
      block = other.block;
      tolerance = other.tolerance;
      attention = other.attention;
      externalData = other.externalData;
    }

    CheckpointExport done() {
      return new CheckpointExport(
          from,
          task,
          layout,
          cache,
          source,
          precision,
          bits,
          block,
          tolerance,
          attention,
          externalData);
    }
  }
}
