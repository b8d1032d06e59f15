package org.attention4j.conformance.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Summary;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Counts of parameters and operations, against published sizes and arithmetic by hand. */
final class SummaryTest {
  private static final Map<String, Long> SIZES = Map.of("batch", 2L, "time", 5L);

  private static Summary of(Model model) {
    return Summary.of(Graph.trace(model), SIZES, DType.F32);
  }

  @ParameterizedTest
  @CsvSource({"768, 12, 12, 124439808", "1600, 25, 48, 1557611200"})
  void gpt2HasItsPublishedNumberOfParameters(int width, int heads, int layers, long parameters) {
    Summary.Row total = of(new TinyGpt(50257, 1024, width, heads, layers, 0)).total();
    assertEquals(parameters, total.parameters());
    assertEquals(4 * parameters, total.bytes());
  }

  @Test
  void anEmbeddingOf50000By512Has25600000Parameters() {
    Embedding embedding = new Embedding(50_000, 512);
    Program program =
        new Program(
            new Model() {
              @Override
              public Map<String, TensorType> inputs() {
                return Map.of("ids", TensorType.i64("batch", "time"));
              }

              @Override
              public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
                return Map.of("x", scope.call("table", embedding, inputs.get("ids")));
              }
            },
            Map.of("ids", TensorType.i64("batch", "time")));
    Summary summary = Summary.of(program.graph(TraceOptions.primitives()), SIZES, DType.BF16);
    assertEquals(25_600_000, summary.at("table").parameters());
    assertEquals(51_200_000, summary.total().bytes());
    assertEquals(0, summary.total().flops()); // a lookup computes nothing
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "4", "6", "12"})
  void theNumberOfHeadsDoesNotChangeTheParameters(int heads) {
    long parameters = of(new TinyGpt(13, 16, 12, heads, 2, 0)).total().parameters();
    assertEquals(of(new TinyGpt(13, 16, 12, 1, 2, 0)).total().parameters(), parameters);
  }

  @Test
  void productsAreThoseCountedByHand() {
    int width = 12;
    int tokens = 2 * 5;
    Summary summary = of(TinyGpt.standard());
    String layer = "transformer.h.1";
    assertEquals(
        2L * tokens * width * 3 * width, summary.at(layer + ".attn.c_attn").productFlops());
    assertEquals(2L * tokens * width * 4 * width, summary.at(layer + ".mlp.c_fc").productFlops());
    long scores = 2L * tokens * 5 * width; // every head: queries x keys x head_dim
    long projections = 2L * tokens * width * 4 * width;
    assertEquals(projections + 2 * scores, summary.at(layer + ".attn").productFlops());
    long head = 2L * tokens * width * 13;
    long feedForward = 2L * tokens * width * 8 * width;
    assertEquals(
        2 * (projections + 2 * scores + feedForward) + head, summary.total().productFlops());
    assertTrue(summary.total().otherFlops() > 0);
  }

  @Test
  void compositesKeptWholeCountAsTheirExpansion() {
    Program program = Program.of(TinyGpt.standard());
    Summary whole =
        Summary.of(
            program.graph(TraceOptions.primitives().keeping((op, types) -> true)),
            SIZES,
            DType.F32);
    assertEquals(of(TinyGpt.standard()).total().productFlops(), whole.total().productFlops());
  }

  @Test
  void rowsOfADepthAddUpToTheTotal() {
    Summary summary = of(TinyMixed.standard());
    List<Summary.Row> rows = summary.rows(1);
    assertEquals("", rows.get(0).path());
    long sum = rows.stream().skip(1).mapToLong(Summary.Row::parameters).sum();
    assertEquals(summary.total().parameters(), sum);
  }

  @Test
  void equalLayersShareOneEntryOfTheTable() {
    String table = of(TinyGpt.standard()).table(4);
    assertTrue(table.contains("0 to 1, each of 2"), table);
    assertTrue(table.contains("(all)") && table.contains("4,140"), table);
    assertEquals(1, table.split("ln_1", -1).length - 1, table);
  }
}
