package org.attention4j.onnxformat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.attention4j.error.FileFormatException;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestDataTest {
  @TempDir Path folder;

  @Test
  void aNodeTestIsReadWithItsInputsAndOutputs() throws IOException {
    GraphBuilder graph = new GraphBuilder("test_neg", name -> name);
    graph.input("x", TensorType.f32(2));
    graph.output("y", graph.node("Neg", List.of("x")), TensorType.f32(2));
    OnnxFiles.writeModel(folder.resolve("model.onnx"), graph.build(17, 8, "", Map.of()), false);
    Path set = Files.createDirectory(folder.resolve("test_data_set_0"));
    HostTensor x = HostTensor.of(new float[] {1, -2}, 2);
    HostTensor y = HostTensor.of(new float[] {-1, 2}, 2);
    Files.write(set.resolve("input_0.pb"), Tensors.proto("x", x).toByteArray());
    Files.write(set.resolve("output_0.pb"), Tensors.proto("y", y).toByteArray());

    TestData test = TestData.read(folder);
    assertEquals("Neg", test.model().getGraph().getNode(0).getOpType());
    TestData.Value input = test.sets().get(0).inputs().get(0);
    TestData.Value output = test.sets().get(0).outputs().get(0);
    assertEquals("x", input.name());
    assertEquals("y", output.name());
    assertTrue(input.tensor() != null && input.tensor().equalsExactly(x));
    assertTrue(output.tensor() != null && output.tensor().equalsExactly(y));
  }

  @Test
  void aFolderWithoutDataIsRefused() throws IOException {
    GraphBuilder graph = new GraphBuilder("test", name -> name);
    graph.input("x", TensorType.f32(2));
    graph.output("y", "x", TensorType.f32(2));
    OnnxFiles.writeModel(folder.resolve("model.onnx"), graph.build(17, 8, "", Map.of()), false);
    assertThrows(FileFormatException.class, () -> TestData.read(folder));
  }
}
