package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.op.RmsNormalization;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Composites written whole agree with their expansion on the float64 reference. */
class CompositeLoweringTest {
  private static final TensorType X = TensorType.f32("b", "t", 6);
  private static final TensorType VECTOR = TensorType.f32(6);
  private static final Set<Activation.Kind> ERROR_FUNCTION =
      Set.of(Activation.Kind.GELU, Activation.Kind.GELU_10, Activation.Kind.LAPLACE);

  private static void check(Model model, DType precision, double tolerance) {
    Program program = Program.of(model);
    SessionOptions defaults = SessionOptions.defaults();
    try (Session expected =
            new ReferenceEngine()
                .open(program, Weights.empty(), defaults.withPrecision(DType.F64));
        Session actual =
            new OnnxEngine().open(program, Weights.empty(), defaults.withPrecision(precision))) {
      for (Map<String, Long> sizes :
          List.of(Map.of("b", 2L, "t", 3L), Map.of("b", 0L, "t", 3L), Map.of("b", 1L, "t", 1L))) {
        Random random = new Random(7);
        Map<String, HostTensor> inputs = new LinkedHashMap<>();
        model
            .inputs()
            .forEach(
                (name, type) -> {
                  HostTensor value = Compare.random(type.bind(sizes), 2, random);
                  inputs.put(name, scaled(value, 4));
                });
        Compare.equal(sizes.toString(), expected.run(inputs), actual.run(inputs), tolerance);
      }
    }
  }

  private static HostTensor scaled(HostTensor tensor, double factor) {
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(i, tensor.getDouble(i) * factor);
    }
    return tensor;
  }

  @ParameterizedTest
  @EnumSource(Activation.Kind.class)
  void activations(Activation.Kind kind) {
    Model model =
        new Compare.Expression(
            Compare.inputs(X), in -> Activation.apply(kind, in.get("x0").mul(1)));
    check(model, DType.F32, 2e-6);
    check(model, DType.F16, 2e-2);
    if (!ERROR_FUNCTION.contains(kind)) { // ONNX Runtime has none of f64
      check(model, DType.F64, 1e-9);
    }
  }

  record Named(String name, Function<Model.Inputs, Tensor> body, List<TensorType> types) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Named> composites() {
    TensorType transposed = TensorType.f32(4, 6);
    TensorType plain = TensorType.f32(6, 4);
    TensorType bias = TensorType.f32(4);
    return Stream.of(
        new Named(
            "layer norm",
            in -> in.get("x0").apply(new LayerNormalization(1e-5), in.get("x1"), in.get("x2")),
            List.of(X, VECTOR, VECTOR)),
        new Named(
            "layer norm without bias",
            in -> in.get("x0").apply(new LayerNormalization(1e-5), in.get("x1")),
            List.of(X, VECTOR)),
        new Named(
            "RMS norm",
            in -> in.get("x0").apply(new RmsNormalization(1e-6), in.get("x1")),
            List.of(X, VECTOR)),
        new Named("log softmax", in -> in.get("x0").apply(new LogSoftmax()), List.of(X)),
        new Named(
            "affine, transposed, with bias",
            in -> in.get("x0").apply(new Affine(true), in.get("x1"), in.get("x2")),
            List.of(X, transposed, bias)),
        new Named(
            "affine, transposed, of a matrix",
            in -> in.get("x0").apply(new Affine(true), in.get("x1"), in.get("x2")),
            List.of(TensorType.f32("b", 6), transposed, bias)),
        new Named(
            "affine, transposed, of a vector",
            in -> in.get("x0").apply(new Affine(true), in.get("x1"), in.get("x2")),
            List.of(VECTOR, transposed, bias)),
        new Named(
            "affine",
            in -> in.get("x0").apply(new Affine(false), in.get("x1"), in.get("x2")),
            List.of(X, plain, bias)));
  }

  @ParameterizedTest
  @MethodSource("composites")
  void agreesWithItsExpansion(Named composite) {
    Model model =
        new Compare.Expression(
            Compare.inputs(composite.types().toArray(TensorType[]::new)), composite.body());
    check(model, DType.F32, 1e-5);
    check(model, DType.F64, 1e-9);
    check(model, DType.F16, 3e-2);
  }

  @Test
  void normsStayFiniteInHalfPrecisionWhereSquaresOverflow() {
    for (Named composite : composites().limit(3).toList()) {
      Model model =
          new Compare.Expression(
              Compare.inputs(composite.types().toArray(TensorType[]::new)),
              in -> {
                Map<String, Tensor> large = new LinkedHashMap<>(in.tensors());
                large.computeIfPresent("x0", (name, x) -> x.mul(500)); // squares beyond 65504
                return composite.body().apply(new Model.Inputs(large));
              });
      check(model, DType.F16, 5e-2);
    }
  }

  @Test
  void claimedCompositesBecomeFewNodes() {
    Model model =
        new Compare.Expression(
            Compare.inputs(X, VECTOR, VECTOR),
            in -> in.get("x0").apply(new LayerNormalization(1e-5), in.get("x1"), in.get("x2")));
    Graph graph =
        Program.of(model).graph(TraceOptions.primitives().keeping(GraphLowering.claims(DType.F32)));
    assertEquals(1, graph.nodes().size());
    assertTrue(graph.nodes().get(0).op() instanceof LayerNormalization);
  }
}
