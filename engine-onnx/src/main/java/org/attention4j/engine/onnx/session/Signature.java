package org.attention4j.engine.onnx.session;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.error.DTypeException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.onnxformat.AxisNames;
import org.attention4j.onnxformat.ElementTypes;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.TensorShapeProto;
import org.attention4j.onnxformat.proto.ValueInfoProto;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/** Inputs and outputs of an ONNX model, with symbols where sizes vary. Immutable, thread-safe. */
public final class Signature {
  private final Graph skeleton; // no nodes: a graph knows how sizes follow from shapes
  private final Map<String, TensorType> inputs;
  private final Map<String, TensorType> outputs;
  private final Map<String, String> fileNames;

  private Signature(
      Map<String, TensorType> inputs,
      Map<String, TensorType> outputs,
      Map<String, String> fileNames) {
    this.fileNames = Map.copyOf(fileNames);
    this.inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    this.outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    Map<String, Integer> values = new LinkedHashMap<>();
    inputs.keySet().forEach(name -> values.put(name, values.size()));
    this.skeleton = new Graph(values, Map.of(), List.of(), Map.of(), List.copyOf(inputs.values()));
  }

  /** Types of the inputs by name. */
  public Map<String, TensorType> inputs() {
    return inputs;
  }

  /** Types of the outputs by name. */
  public Map<String, TensorType> outputs() {
    return outputs;
  }

  /** What an output is called in the ONNX graph. */
  String fileName(String output) {
    return fileNames.getOrDefault(output, output);
  }

  /** That of a graph written with these options. */
  public static Signature of(Graph graph, Lowering options) {
    Map<String, String> fileNames = new HashMap<>();
    graph
        .outputs()
        .keySet()
        .forEach(name -> fileNames.put(name, GraphLowering.outputName(graph, name)));
    return new Signature(
        real(graph.inputTypes(), options), real(graph.outputTypes(), options), fileNames);
  }

  private static Map<String, TensorType> real(Map<String, TensorType> types, Lowering options) {
    Map<String, TensorType> result = new LinkedHashMap<>();
    types.forEach((name, type) -> result.put(name, options.real(name, type)));
    return result;
  }

  /**
   * Reads it from a model.
   *
   * @param file where the model comes from, for messages
   * @throws FileFormatException if a value has no tensor type or a negative size
   */
  static Signature of(GraphProto graph, Path file) {
    Map<String, TensorType> initialized = new TreeMap<>();
    graph.getInitializerList().forEach(t -> initialized.put(t.getName(), TensorType.i64()));
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    for (ValueInfoProto value : graph.getInputList()) {
      if (!initialized.containsKey(value.getName())) { // old files list weights as inputs, too
        inputs.put(value.getName(), type(value, file));
      }
    }
    Map<String, TensorType> outputs = new LinkedHashMap<>();
    graph.getOutputList().forEach(value -> outputs.put(value.getName(), type(value, file)));
    return new Signature(inputs, outputs, Map.of());
  }

  private static TensorType type(ValueInfoProto value, Path file) {
    if (!value.getType().hasTensorType()) {
      throw new FileFormatException(file, "value '" + value.getName() + "' is not a tensor");
    }
    int code = value.getType().getTensorType().getElemType();
    DType dtype = ElementTypes.dtype(code, file, "value '" + value.getName() + "'");
    List<Dim> dims = new ArrayList<>();
    for (TensorShapeProto.Dimension dim : value.getType().getTensorType().getShape().getDimList()) {
      if (dim.getDimValue() < 0) {
        throw new FileFormatException(
            file, "value '" + value.getName() + "' has a negative size " + dim.getDimValue());
      }
      dims.add(dim.hasDimParam() ? AxisNames.parse(dim.getDimParam()) : Dim.of(dim.getDimValue()));
    }
    return new TensorType(dtype, dims);
  }

  /**
   * Checks the names and element types of inputs. Floating ones are converted to the precision of
   * the model if they have another.
   *
   * @return what to feed
   * @throws UsageException if the model has no such input
   * @throws DTypeException if one has another kind of element type
   */
  Map<String, HostTensor> check(Map<String, HostTensor> given) {
    boolean same = true;
    for (Map.Entry<String, HostTensor> input : given.entrySet()) {
      same &= check(input.getKey(), input.getValue());
    }
    if (same) {
      return given;
    }
    Map<String, HostTensor> converted = new LinkedHashMap<>(given);
    converted.replaceAll(
        (name, tensor) -> {
          TensorType wanted = inputs.get(name);
          return wanted == null ? tensor : tensor.cast(wanted.dtype());
        });
    return converted;
  }

  /** Whether the tensor has the input's own element type, not just the same kind. */
  private boolean check(String name, HostTensor tensor) {
    TensorType wanted = inputs.get(name);
    if (wanted == null) {
      throw new UsageException("the model has no input '" + name + "'; its inputs are " + inputs);
    }
    if (tensor.dtype() == wanted.dtype()) {
      return true;
    }
    if (wanted.dtype().isFloating() && tensor.dtype().isFloating()) {
      return false;
    }
    throw new DTypeException(
        "input '"
            + name
            + "' is "
            + wanted
            + ", got "
            + TensorType.ofShape(tensor.dtype(), tensor.shape()));
  }

  /**
   * The sizes of all symbols.
   *
   * @throws UsageException if an input is missing
   * @throws ShapeException if a shape does not fit
   */
  Map<String, Long> sizes(Map<String, long[]> shapes) {
    return skeleton.sizes(shapes);
  }

  /** The sizes of all symbols, for inputs that are at hand. */
  Map<String, Long> sizesOf(Map<String, HostTensor> given) {
    Map<String, long[]> shapes = new HashMap<>();
    given.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    return sizes(shapes);
  }
}
