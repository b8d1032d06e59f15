package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.engine.onnx.session.FileSession;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.onnxformat.ExternalData;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.proto.FunctionProto;
import org.attention4j.onnxformat.proto.ModelProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.onnxformat.proto.StringStringEntryProto;
import org.attention4j.onnxformat.proto.TensorProto;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged and hostile files end in an exception that names the file, never in a crash. */
class HostileFilesTest {
  private static final int FILES = Integer.getInteger("attention4j.mutations", 1000);
  private static final OrtSettings SETTINGS =
      new OrtSettings(
          OrtSettings.defaults().device(), 1, 1, OrtSettings.Optimization.BASIC, false, null);

  @TempDir Path folder;

  private Path exported() {
    return exported(false);
  }

  private Path exported(boolean externalData) {
    Program program = Program.of(new TestModels.Gpt(11, 8, 8, 2, 1));
    HostTensor ids = HostTensor.of(new long[] {1, 2, 3, 4}, 2, 2);
    Exporter.get("onnx")
        .export(
            program,
            Parameters.init(program, 1),
            folder,
            ExportOptions.of("reference", List.of(Map.of("input_ids", ids)))
                .withExternalData(externalData));
    return folder.resolve("model.onnx");
  }

  private static byte[] mutated(byte[] original, Random random) {
    byte[] bytes = original.clone();
    switch (random.nextInt(5)) {
      case 0 -> { // bits
        for (int i = 0; i <= random.nextInt(8); i++) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
      case 1 -> { // bytes
        for (int i = 0; i <= random.nextInt(4); i++) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
      }
      case 2 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length)); // truncated
      case 3 -> { // a range moved
        int length = 1 + random.nextInt(64);
        int from = random.nextInt(bytes.length - length);
        int to = random.nextInt(bytes.length - length);
        System.arraycopy(original, from, bytes, to, length);
      }
      default -> Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 16, (byte) 0xff);
    }
    return bytes;
  }

  @Test
  void mutatedFilesNeverEndTheProcess() throws IOException {
    byte[] original = Files.readAllBytes(exported());
    Path file = folder.resolve("mutated.onnx");
    HostTensor ids = HostTensor.of(new long[] {1, 2, 3, 4}, 2, 2);
    Random random = new Random(20261121);
    int refused = 0;
    int run = 0;
    for (int i = 0; i < FILES; i++) {
      Files.write(file, mutated(original, random));
      boolean opened = false;
      try (FileSession session = FileSession.open(file, SETTINGS)) {
        opened = true;
        session.run(Map.of("input_ids", ids));
        run++; // a flipped bit in a weight is still a model
      } catch (AttentionException e) {
        refused++;
        String message = String.valueOf(e.getMessage());
        assertTrue(opened || message.contains(file.toString()), message);
      }
    }
    assertEquals(FILES, refused + run);
    assertTrue(refused > FILES / 4, refused + " refused, " + run + " run");
    assertTrue(run > FILES / 20, refused + " refused, " + run + " run");
  }

  /** Another place, or another size, than a tensor's data have. */
  private static void misplace(TensorProto.Builder tensor, Random random) {
    List<String> places =
        List.of(
            "",
            ".",
            "..",
            "/etc/passwd",
            "../model.onnx_data",
            "sub/../../model.onnx_data",
            "mutated.onnx",
            "nowhere",
            "model.onnx_data\0",
            "C:\\model.onnx_data");
    List<String> sizes =
        List.of("-1", "0", "1", "3", "4096", "1e3", "", "1099511627776", "9223372036854775807");
    StringStringEntryProto.Builder entry =
        tensor.getExternalDataBuilder(random.nextInt(tensor.getExternalDataCount()));
    List<String> values = entry.getKey().equals("location") ? places : sizes;
    entry.setValue(values.get(random.nextInt(values.size())));
  }

  /** Of the file with the weights, of what the model says about it, or of any byte of the model. */
  @Test
  void mutatedExternalDataNeverEndsTheProcess() throws IOException {
    byte[] original = Files.readAllBytes(exported(true));
    Path data = folder.resolve("model.onnx_data");
    byte[] weights = Files.readAllBytes(data);
    Path file = folder.resolve("mutated.onnx");
    HostTensor ids = HostTensor.of(new long[] {1, 2, 3, 4}, 2, 2);
    Random random = new Random(20261122);
    int files = Integer.getInteger("attention4j.mutations", 200);
    int refused = 0;
    int run = 0;
    for (int i = 0; i < files; i++) {
      int kind = random.nextInt(3);
      Files.write(data, kind == 0 ? mutated(weights, random) : weights);
      ModelProto.Builder model = ModelProto.parseFrom(original).toBuilder();
      if (kind == 1) {
        List<TensorProto.Builder> outside =
            model.getGraphBuilder().getInitializerBuilderList().stream()
                .filter(tensor -> tensor.getExternalDataCount() > 0)
                .toList();
        misplace(outside.get(random.nextInt(outside.size())), random);
      }
      byte[] bytes = model.build().toByteArray();
      Files.write(file, kind == 2 ? mutated(bytes, random) : bytes);
      boolean opened = false;
      try (FileSession session = FileSession.open(file, SETTINGS)) {
        opened = true;
        session.run(Map.of("input_ids", ids));
        run++;
      } catch (AttentionException e) {
        refused++;
        String message = String.valueOf(e.getMessage());
        assertTrue(opened || message.contains(folder.toString()), message);
      }
    }
    assertEquals(files, refused + run);
    assertTrue(refused > files / 4, refused + " refused, " + run + " run");
    assertTrue(run > files / 20, refused + " refused, " + run + " run");
  }

  @Test
  void weightsThatAreTooShortAreRefusedBeforeTheyReachNativeCode() throws IOException {
    Path file = exported();
    ModelProto.Builder model = OnnxFiles.readModel(file).toBuilder();
    model.getGraphBuilder().getInitializerBuilder(0).setRawData(ByteString.copyFrom(new byte[4]));
    refused(file, model, "bytes, found 4");
  }

  @Test
  void externalDataMayNotLeaveTheFolder() throws IOException {
    Path file = exported();
    ModelProto.Builder model = OnnxFiles.readModel(file).toBuilder();
    TensorProto.Builder tensor = model.getGraphBuilder().getInitializerBuilder(0);
    new ExternalData("../../../../etc/passwd", 0, 4).writeTo(tensor);
    refused(file, model, "leaves the folder");
  }

  @Test
  void externalDataMayNotExceedItsFile() throws IOException {
    Path file = exported();
    Files.write(folder.resolve("short"), new byte[16]);
    ModelProto.Builder model = OnnxFiles.readModel(file).toBuilder();
    TensorProto.Builder tensor = model.getGraphBuilder().getInitializerBuilder(0);
    new ExternalData("short", 8, 1L << 40).writeTo(tensor);
    refused(file, model, "beyond the end of short");
  }

  private static NodeProto call(String function) {
    return NodeProto.newBuilder()
        .setDomain("hostile")
        .setOpType(function)
        .addInput("x")
        .addOutput("y")
        .build();
  }

  private static FunctionProto function(String name, NodeProto... nodes) {
    return FunctionProto.newBuilder()
        .setDomain("hostile")
        .setName(name)
        .addInput("x")
        .addOutput("y")
        .addAllNode(List.of(nodes))
        .build();
  }

  @Test
  void functionsThatCannotBeWrittenOutAreRefused() throws IOException {
    Path file = exported();
    ModelProto original = OnnxFiles.readModel(file);
    ModelProto.Builder itself = original.toBuilder().addFunctions(function("f", call("g")));
    itself.addFunctions(function("g", call("f"))).getGraphBuilder().addNode(call("f"));
    refused(file, itself, "calls itself");

    ModelProto.Builder doubling = original.toBuilder();
    ModelProto.Builder deep = original.toBuilder();
    for (int i = 0; i < 100; i++) {
      NodeProto next = call("f" + (i + 1));
      doubling.addFunctions(i < 50 ? function("f" + i, next, next) : function("f" + i));
      deep.addFunctions(function("f" + i, next));
    }
    doubling.getGraphBuilder().addNode(call("f0"));
    refused(file, doubling, "more than 10000000 nodes");
    deep.getGraphBuilder().addNode(call("f0"));
    refused(file, deep, "more than 64 deep");
  }

  private static void refused(Path file, ModelProto.Builder model, String reason)
      throws IOException {
    Files.write(file, model.build().toByteArray());
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> FileSession.open(file, SETTINGS).close());
    assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
    assertEquals(file, e.file());
  }
}
