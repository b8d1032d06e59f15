package org.attention4j.engine.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.session.FileSession;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.error.EngineException;
import org.attention4j.graph.TraceOptions;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Availability;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engine;
import org.attention4j.spi.KernelChoice;
import org.attention4j.spi.KernelOperators;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Support;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** Writes a program with attention in a form, else as functions, to a file, and runs that file. */
record FileEngine(Path folder, OrtSettings settings, AttentionForm form) implements Engine {

  FileEngine(Path folder, OrtSettings settings) {
    this(folder, settings, AttentionForm.FUNCTION);
  }

  /** Two threads, and the attention kernel or not. */
  static OrtSettings settings(boolean kernel) {
    OrtSettings plain =
        new OrtSettings(Device.cpu(), 2, 1, OrtSettings.Optimization.ALL, true, null);
    return kernel ? plain.withOperators(kernel().library()) : plain;
  }

  static KernelOperators kernel() {
    return KernelChoice.of("attention", "flash-cpu", "none", KernelOperators.ONNX_RUNTIME, "")
        .kernel()
        .orElseThrow()
        .operators();
  }

  static OnnxModel lower(Program program, Weights weights, DType precision) {
    return lower(program, weights, precision, AttentionForm.FUNCTION);
  }

  static OnnxModel lower(Program program, Weights weights, DType precision, AttentionForm form) {
    TraceOptions trace = TraceOptions.primitives().keeping(GraphLowering.claims(precision, form));
    return GraphLowering.lower(program.graph(trace), weights, Lowering.in(precision).with(form));
  }

  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    Path file = folder.resolve("case.onnx");
    try {
      OnnxFiles.writeModel(file, lower(program, weights, options.precision(), form), false);
      FileSession session = FileSession.open(file, settings);
      Files.delete(file);
      return new Nominal(session);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes and gives what the program declares: f32 where the file has f16. */
  private record Nominal(FileSession file) implements Session {
    @Override
    public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
      Map<String, HostTensor> known = new LinkedHashMap<>(inputs);
      known.keySet().retainAll(file.inputs());
      Map<String, HostTensor> outputs = new LinkedHashMap<>(file.run(known));
      outputs.replaceAll((name, t) -> t.dtype() == DType.F16 ? t.cast(DType.F32) : t);
      return outputs;
    }

    @Override
    public Decoding decode() {
      return file.decode();
    }

    @Override
    public Set<String> inputs() {
      return file.inputs();
    }

    @Override
    public String description() {
      return file.description();
    }

    @Override
    public void close() {
      file.close();
    }
  }

  @Override
  public String name() {
    return "onnx file";
  }

  @Override
  public String version() {
    return settings.operators() == null ? "without the kernel" : "with the kernel";
  }

  @Override
  public Availability availability() {
    return new OnnxEngine().availability();
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    return Support.no("it is asked for values only");
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    throw new EngineException("files of models do not train");
  }
}
