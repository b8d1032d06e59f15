package org.attention4j.onnxformat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.onnxformat.proto.ModelProto;
import org.attention4j.onnxformat.proto.TensorProto;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * A node test of the ONNX project: {@code model.onnx} and folders {@code test_data_set_N} with
 * {@code input_I.pb} and {@code output_I.pb}.
 *
 * @param name the folder's name
 * @param model the model, usually of one node
 * @param sets inputs and expected outputs
 */
public record TestData(String name, ModelProto model, List<DataSet> sets) {

  /** Copies the list. */
  public TestData {
    sets = List.copyOf(sets);
  }

  /**
   * Inputs and expected outputs in the order of the graph. An element is absent (its message is
   * empty) for an optional value that the test leaves out.
   *
   * @param inputs one for each graph input
   * @param outputs one for each graph output
   */
  public record DataSet(List<Value> inputs, List<Value> outputs) {
    /** Copies the lists. */
    public DataSet {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }
  }

  /**
   * A value of the test.
   *
   * @param name the name of the graph's input or output
   * @param tensor its tensor; null if its element type has no dtype here
   * @param reason why there is no tensor; empty otherwise
   */
  public record Value(String name, @Nullable HostTensor tensor, String reason) {}

  /**
   * Reads a test folder.
   *
   * @throws FileFormatException if a file is not what its name says
   * @throws IOException if a file cannot be read
   */
  public static TestData read(Path folder) throws IOException {
    ModelProto model = OnnxFiles.readModel(folder.resolve("model.onnx"));
    List<String> inputs = new ArrayList<>();
    model.getGraph().getInputList().forEach(input -> inputs.add(input.getName()));
    List<String> outputs = new ArrayList<>();
    model.getGraph().getOutputList().forEach(output -> outputs.add(output.getName()));
    List<DataSet> sets = new ArrayList<>();
    for (int i = 0; Files.isDirectory(folder.resolve("test_data_set_" + i)); i++) {
      Path set = folder.resolve("test_data_set_" + i);
      sets.add(new DataSet(values(set, "input_", inputs), values(set, "output_", outputs)));
    }
    if (sets.isEmpty()) {
      throw new FileFormatException(folder, "no test_data_set_0");
    }
    Path name = folder.getFileName();
    return new TestData(name == null ? folder.toString() : name.toString(), model, sets);
  }

  private static List<Value> values(Path set, String prefix, List<String> names)
      throws IOException {
    List<Value> values = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      Path file = set.resolve(prefix + i + ".pb");
      TensorProto tensor = OnnxFiles.readTensor(file);
      try {
        values.add(new Value(names.get(i), Tensors.host(tensor, file), ""));
      } catch (FileFormatException e) {
        values.add(new Value(names.get(i), null, String.valueOf(e.getMessage())));
      }
    }
    return values;
  }
}
