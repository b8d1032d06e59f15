package org.attention4j.conformance.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.CaseCheck;
import org.attention4j.conformance.Catalogue;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Sample;
import org.attention4j.conformance.Suite;
import org.attention4j.conformance.Target;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.onnxformat.TestData;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** A folder of the ONNX project's node tests: {@code test_NAME/model.onnx} and its data. */
public final class NodeTests {
  private NodeTests() {}

  /**
   * The checks of every test of one node whose operator is known; the others are listed.
   *
   * @throws UsageException if the folder holds no test
   * @throws StorageException if it cannot be read
   */
  public static Catalogue read(Path folder) {
    List<Check> checks = new ArrayList<>();
    List<String> unknown = new ArrayList<>();
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path test : entries.sorted().toList()) {
        if (Files.exists(test.resolve("model.onnx"))) {
          add(test, checks, unknown);
        }
      }
    } catch (IOException e) {
      throw StorageException.of("cannot read " + folder, e);
    }
    if (checks.isEmpty() && unknown.isEmpty()) {
      throw new UsageException("no ONNX node tests in " + folder);
    }
    return new Catalogue(checks, unknown);
  }

  private static void add(Path folder, List<Check> checks, List<String> unknown)
      throws IOException {
    String title = "onnx/" + String.valueOf(folder.getFileName()).replaceFirst("^test_", "");
    TestData test;
    try {
      test = TestData.read(folder);
    } catch (FileFormatException e) {
      unknown.add(title + ": " + e.getMessage());
      return;
    }
    if (test.model().getGraph().getNodeCount() != 1) {
      unknown.add(title + ": " + test.model().getGraph().getNodeCount() + " nodes, not one");
      return;
    }
    NodeProto node = test.model().getGraph().getNode(0);
    NodeOps.Operator op = NodeOps.find(node);
    if (op == null) {
      unknown.add(title + ": operator " + node.getOpType());
      return;
    }
    for (AttributeProto attribute : node.getAttributeList()) {
      if (!op.attributes().contains(attribute.getName())) {
        unknown.add(title + ": attribute " + attribute.getName() + " of " + node.getOpType());
        return;
      }
    }
    for (int i = 0; i < test.sets().size(); i++) {
      String name = test.sets().size() == 1 ? title : title + "/" + i;
      String missing = missing(test.sets().get(i));
      if (missing.isEmpty()) {
        checks.add(new CaseCheck(test(name, node, op.results(), test.sets().get(i))));
      } else {
        unknown.add(name + ": " + missing);
      }
    }
  }

  private static String missing(TestData.DataSet set) {
    return Stream.concat(set.inputs().stream(), set.outputs().stream())
        .filter(value -> value.tensor() == null)
        .map(value -> value.name() + ": " + value.reason())
        .findFirst()
        .orElse("");
  }

  private static Case test(
      String name, NodeProto node, Function<Node, List<Tensor>> op, TestData.DataSet set) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    Map<String, TensorType> types = new LinkedHashMap<>();
    for (TestData.Value value : set.inputs()) {
      HostTensor tensor = present(value);
      inputs.put(value.name(), tensor);
      types.put(value.name(), TensorType.ofShape(tensor.dtype(), tensor.shape()));
    }
    Map<String, Target> targets = new LinkedHashMap<>();
    for (TestData.Value value : set.outputs()) {
      HostTensor tensor = present(value);
      targets.put(value.name(), new Target(tensor, limit(tensor.dtype()), "recorded/onnx"));
    }
    Sample sample = Sample.of(inputs, Weights.empty());
    return new Case(
        name,
        Suite.ONNX,
        new Program(new OneNode(types, node, op), types),
        random -> sample,
        DType.F32,
        Set.of(),
        false,
        List.of(),
        new Case.Recorded(targets, Map.of()));
  }

  private static HostTensor present(TestData.Value value) {
    HostTensor tensor = value.tensor();
    if (tensor == null) {
      throw new IllegalStateException(value.name() + ": " + value.reason());
    }
    return tensor;
  }

  /**
   * ONNX's own runner allows 1e-7 and 1e-3 of the value. Values in bf16 are recorded from a sum in
   * which each step was rounded to 8 bits: two to four such roundings show.
   */
  private static Target.Limit limit(DType dtype) {
    return switch (dtype) {
      case F16 -> new Target.Limit(1e-3, 1e-3, 0, Double.POSITIVE_INFINITY, "1e-3 + 1e-3 |e|");
      case BF16 -> new Target.Limit(1e-3, 1.6e-2, 0, Double.POSITIVE_INFINITY, "1e-3 + 2^-6 |e|");
      default -> new Target.Limit(1e-6, 1e-5, 0, Double.POSITIVE_INFINITY, "1e-6 + 1e-5 |e|");
    };
  }

  private record OneNode(
      Map<String, TensorType> inputs, NodeProto node, Function<Node, List<Tensor>> op)
      implements Model {
    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs given) {
      Node read = new Node(node, given);
      return read.outputs(op.apply(read));
    }
  }
}
