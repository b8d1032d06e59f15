package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.op.Mask;
import org.attention4j.spi.KernelChoice;
import org.attention4j.spi.KernelOperators;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The node CachedAttention as anybody could write it into a file: what does not fit is refused, and
 * past and present need not be one memory.
 */
class CachedAttentionNodeTest {
  private static final int HEADS = 2;
  private static final int SLOTS = 4;
  private static final int SIZE = 8;

  /** Causal attention over a cache whose first query stands in the slot that operand 3 tells. */
  private static List<Long> code() {
    Attention attention =
        new Attention(
            Mask.causal(), 1, 0, null, List.of(), 0, 0, new Attention.Extras(0, -1, -1), false);
    TensorType query = TensorType.f32(1, HEADS, 2, SIZE);
    TensorType cache = TensorType.f32(1, HEADS, SLOTS, SIZE);
    return AttentionCode.encode(attention, List.of(query, cache, cache, TensorType.i64()));
  }

  private static OnnxTensor filled(float first, long... shape) throws OrtException {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    FloatBuffer values = FloatBuffer.allocate(count);
    for (int i = 0; i < count; i++) {
      values.put(i, first + 0.01F * (i % 13));
    }
    return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), values, shape);
  }

  private static byte[] model(List<Long> code, boolean withStart) {
    return model(code, withStart, DType.F32);
  }

  private static byte[] model(List<Long> code, boolean withStart, DType cache) {
    GraphBuilder graph = new GraphBuilder("cached", name -> name);
    List<String> operands = new ArrayList<>();
    for (String name : List.of("query", "key", "value", "past_key", "past_value")) {
      TensorType type = TensorType.f32("batch", "heads." + name, "time." + name, "size." + name);
      graph.input(name, name.startsWith("past") ? type.as(cache) : type);
      operands.add(name);
    }
    graph.input("start", TensorType.i64());
    if (withStart) {
      operands.add("start");
    }
    List<String> results =
        List.of(graph.fresh("output"), graph.fresh("present_key"), graph.fresh("present_value"));
    graph.domain("org.attention4j", 1);
    graph.node(
        "org.attention4j", "CachedAttention", operands, results, Attributes.integers("code", code));
    for (int i = 0; i < results.size(); i++) {
      TensorType type = TensorType.f32("b", "h", "t" + i, "s" + i);
      graph.output("y" + i, results.get(i), i == 0 ? type : type.as(cache));
    }
    return graph
        .build(GraphLowering.OPSET, GraphLowering.IR_VERSION, "", new TreeMap<>())
        .proto()
        .toByteArray();
  }

  private static OrtSession session(byte[] model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      KernelChoice kernel =
          KernelChoice.of("attention", "flash-cpu", "none", KernelOperators.ONNX_RUNTIME, "");
      options.registerCustomOpLibrary(
          String.valueOf(kernel.kernel().orElseThrow().operators().library()));
      return OrtEnvironment.getEnvironment().createSession(model, options);
    }
  }

  private static Map<String, OnnxTensorLike> inputs(long start, int heads) throws OrtException {
    Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
    inputs.put("query", filled(-0.05F, 1, HEADS, 2, SIZE));
    inputs.put("key", filled(0.01F, 1, heads, 2, SIZE));
    inputs.put("value", filled(0.02F, 1, heads, 2, SIZE));
    inputs.put("past_key", filled(0.03F, 1, HEADS, SLOTS, SIZE));
    inputs.put("past_value", filled(0.04F, 1, HEADS, SLOTS, SIZE));
    inputs.put("start", OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), start));
    return inputs;
  }

  private static void close(Map<String, OnnxTensorLike> tensors) {
    tensors.values().forEach(OnnxTensorLike::close);
  }

  @ParameterizedTest
  @CsvSource({
    "3, 2, 'a cache of 4 slots has no place for 2 rows from slot 3'",
    "-1, 2, 'no place for 2 rows from slot -1'",
    "9223372036854775807, 2, 'no place for 2 rows'",
    "0, 1, 'differ in batch, heads or width'"
  })
  void rowsThatDoNotFitTheirCacheAreRefused(long start, int heads, String message)
      throws OrtException {
    Map<String, OnnxTensorLike> inputs = inputs(start, heads);
    try (OrtSession session = session(model(code(), true))) {
      OrtException refused = assertThrows(OrtException.class, () -> session.run(inputs).close());
      assertTrue(String.valueOf(refused.getMessage()).contains(message), refused::toString);
    } finally {
      close(inputs);
    }
  }

  @Test
  void aCodeThatDoesNotFitTheNodeIsRefused() throws OrtException {
    List<Long> constant = new ArrayList<>(code());
    constant.set(3, AttentionCode.CONSTANT);
    OrtException none =
        assertThrows(OrtException.class, () -> session(model(constant, true)).close());
    assertTrue(
        String.valueOf(none.getMessage())
            .contains("the code of attention over a cache has no start as an operand"),
        none::toString);
    Map<String, OnnxTensorLike> inputs = inputs(0, HEADS);
    try (OrtSession session = session(model(code(), false))) {
      OrtException missing = assertThrows(OrtException.class, () -> session.run(inputs).close());
      assertTrue(
          String.valueOf(missing.getMessage()).contains("is of 4 operands, the node has 3"),
          missing::toString);
    } finally {
      close(inputs);
    }
  }

  @Test
  void anotherMemoryForThePresentGetsThePastAndTheFreshRows() throws OrtException {
    Map<String, OnnxTensorLike> inputs = inputs(1, HEADS);
    try (OrtSession session = session(model(code(), true));
        OrtSession.Result result = session.run(inputs)) {
      for (int which = 1; which <= 2; which++) {
        float[] past = values(Compare.named(inputs, which == 1 ? "past_key" : "past_value"));
        float[] fresh = values(Compare.named(inputs, which == 1 ? "key" : "value"));
        float[] expected = past.clone();
        for (int head = 0; head < HEADS; head++) {
          System.arraycopy(fresh, head * 2 * SIZE, expected, (head * SLOTS + 1) * SIZE, 2 * SIZE);
        }
        assertArrayEquals(expected, values((OnnxTensor) result.get(which)));
      }
      assertEquals(HEADS * 2 * SIZE, values((OnnxTensor) result.get(0)).length);
    } finally {
      close(inputs);
    }
  }

  private static Map<String, OnnxTensorLike> rounded(int keyWidth, int valueWidth)
      throws OrtException {
    Map<String, OnnxTensorLike> inputs = inputs(1, HEADS);
    for (String name : List.of("past_key", "past_value")) {
      int width = name.endsWith("key") ? keyWidth : valueWidth;
      Compare.named(inputs, name).close();
      long[] shape = {1, HEADS, SLOTS, width};
      ByteBuffer bytes = ByteBuffer.allocateDirect(HEADS * SLOTS * width);
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      inputs.put(name, OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.INT8));
    }
    return inputs;
  }

  @Test
  void rowsOfACacheInInt8AreBytesAndTheirScale() throws OrtException {
    Map<String, OnnxTensorLike> inputs = rounded(SIZE + 4, SIZE + 4);
    try (OrtSession session = session(model(code(), true, DType.I8));
        OrtSession.Result result = session.run(inputs)) {
      float[] fresh = values(Compare.named(inputs, "key"));
      ByteBuffer present = ((OnnxTensor) result.get(1)).getByteBuffer();
      assertEquals(HEADS * SLOTS * (SIZE + 4), present.remaining());
      for (int head = 0; head < HEADS; head++) {
        for (int slot = 0; slot < SLOTS; slot++) {
          int at = (head * SLOTS + slot) * (SIZE + 4);
          float scale = present.getFloat(at + SIZE);
          boolean written = slot == 1 || slot == 2;
          assertTrue(written ? scale > 0 : scale == 0, "scale " + scale + " in slot " + slot);
          for (int d = 0; written && d < SIZE; d++) {
            float expected = fresh[(head * 2 + slot - 1) * SIZE + d];
            assertEquals(expected, present.get(at + d) * scale, scale / 1.99F);
          }
        }
      }
      for (float value : values((OnnxTensor) result.get(0))) {
        assertTrue(value > 0.005 && value < 0.14, "not between the values: " + value);
      }
    } finally {
      close(inputs);
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 12, 8", "12, 8, 8", "13, 12, 13", "12, 3, 3", "0, 12, 0"})
  void aCacheInInt8WithoutRoomForItsScalesIsRefused(int keyWidth, int valueWidth, int wrong)
      throws OrtException {
    Map<String, OnnxTensorLike> inputs = rounded(keyWidth, valueWidth);
    try (OrtSession session = session(model(code(), true, DType.I8))) {
      OrtException refused = assertThrows(OrtException.class, () -> session.run(inputs).close());
      assertTrue(
          String.valueOf(refused.getMessage())
              .contains("its width, " + wrong + ", is not theirs, 8, and 4 bytes for the scale"),
          refused::toString);
    } finally {
      close(inputs);
    }
  }

  private static float[] values(OnnxTensorLike tensor) {
    FloatBuffer buffer = ((OnnxTensor) tensor).getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }
}
