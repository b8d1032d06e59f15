package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.attention4j.conformance.models.TinyGpt;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An exported decoder of GroupQueryAttention run as onnxruntime-genai runs it with {@code
 * past_present_share_buffer}: past and present are one buffer of all slots there will be, and what
 * is in use is as long as the attention mask.
 */
class CacheBuffersTest {
  private static final int VOCABULARY = 13;
  private static final int ROWS = 2;
  private static final int TIME = 9;
  private static final int SLOTS = 24;
  private static final int LAYERS = 2;
  private static final int HEADS = 2;
  private static final int FEATURES = 8;

  @TempDir Path folder;

  private static Program program() {
    return Program.of(new TinyGpt(VOCABULARY, 64, HEADS * FEATURES, HEADS, LAYERS, 0))
        .with("attention_mask", TensorType.i64("batch", "past+time"))
        .with("position_ids", TensorType.i64("batch", "time"));
  }

  /** The second row is padded on the left by 2. */
  private static Map<String, HostTensor> inputs() {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", Compare.random(TensorType.i64(ROWS, TIME), VOCABULARY, new Random(4)));
    HostTensor mask = HostTensor.zeros(DType.I64, ROWS, TIME);
    HostTensor positions = HostTensor.zeros(DType.I64, ROWS, TIME);
    for (int i = 0; i < mask.size(); i++) {
      int padding = 2 * (i / TIME);
      mask.set(i, i % TIME < padding ? 0L : 1L);
      positions.set(i, (long) Math.max(0, i % TIME - padding));
    }
    inputs.put("attention_mask", mask);
    inputs.put("position_ids", positions);
    return inputs;
  }

  private ExportReport export(AttentionForm form, Weights weights) {
    ExportOptions options =
        ExportOptions.of("reference", List.of(inputs())).withCache(true).withAttention(form);
    return Exporter.get("onnx").export(program(), weights, folder, options);
  }

  private static OnnxTensor columns(OrtEnvironment environment, HostTensor of, int from, int to)
      throws OrtException {
    LongBuffer values = LongBuffer.allocate(ROWS * (to - from));
    for (int row = 0; row < ROWS; row++) {
      for (int column = from; column < to; column++) {
        values.put(of.getLong((long) row * TIME + column));
      }
    }
    return OnnxTensor.createTensor(environment, values.flip(), new long[] {ROWS, to - from});
  }

  private static Map<String, FloatBuffer> emptyCache() {
    Map<String, FloatBuffer> cache = new LinkedHashMap<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      for (String kind : List.of("key", "value")) {
        int bytes = 4 * ROWS * HEADS * SLOTS * FEATURES;
        ByteBuffer memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        cache.put(layer + "." + kind, memory.asFloatBuffer());
      }
    }
    return cache;
  }

  @Test
  void pastAndPresentMayBeOneBuffer() throws OrtException {
    Weights weights = Parameters.init(program(), 8);
    assertTrue(export(AttentionForm.GQA, weights).cacheInPlace());
    Map<String, HostTensor> all = inputs();
    HostTensor expected;
    SessionOptions oracle = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session session = new ReferenceEngine().open(program(), weights, oracle)) {
      expected = Compare.named(session.run(all), "logits"); // [batch, time, vocabulary]
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, FloatBuffer> cache = emptyCache();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OrtSession session =
            environment.createSession(folder.resolve("model.onnx").toString(), options)) {
      int from = 0;
      for (int to : new int[] {5, 6, 7, 8, TIME}) {
        float[][][] logits = step(environment, session, cache, all, from, to);
        for (int row = 0; row < ROWS; row++) {
          for (int time = from; time < to; time++) {
            for (int token = 0; token < VOCABULARY; token++) {
              long at = ((long) row * TIME + time) * VOCABULARY + token;
              double wanted = expected.getDouble(at);
              assertEquals(wanted, logits[row][time - from][token], 1e-5, "slot " + time);
            }
          }
        }
        from = to;
      }
    }
    FloatBuffer keys = cache.getOrDefault("0.key", FloatBuffer.allocate(0));
    assertTrue(keys.get((TIME - 1) * FEATURES) != 0, "the last token's key is in the buffer");
    assertEquals(0, keys.get(TIME * FEATURES), "and none behind it");
  }

  private static float[][][] step(
      OrtEnvironment environment,
      OrtSession session,
      Map<String, FloatBuffer> cache,
      Map<String, HostTensor> all,
      int from,
      int to)
      throws OrtException {
    Map<String, OnnxTensor> given = new LinkedHashMap<>();
    Map<String, OnnxTensor> buffers = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, HostTensor> input : all.entrySet()) {
        int start = input.getKey().equals("attention_mask") ? 0 : from;
        given.put(input.getKey(), columns(environment, input.getValue(), start, to));
      }
      long[] shape = {ROWS, HEADS, SLOTS, FEATURES};
      for (Map.Entry<String, FloatBuffer> entry : cache.entrySet()) {
        OnnxTensor buffer =
            OnnxTensor.createTensor(environment, entry.getValue().duplicate(), shape);
        given.put("past_key_values." + entry.getKey(), buffer);
        buffers.put("present." + entry.getKey(), buffer);
      }
      try (OrtSession.Result result = session.run(given, Set.of("logits"), buffers)) {
        return (float[][][]) result.get("logits").orElseThrow().getValue();
      }
    } finally {
      given.values().forEach(OnnxTensor::close);
    }
  }

  @Test
  void attentionAsPrimitivesGrowsItsCache() {
    Weights weights = Parameters.init(program(), 8);
    assertFalse(export(AttentionForm.PRIMITIVES, weights).cacheInPlace());
  }
}
