package org.attention4j.models.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.TraceOptions;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Program;
import org.attention4j.tensor.TensorType;

/** {@code genai_config.json}, which tells onnxruntime-genai how a decoder is run. */
final class GenaiConfig {
  static final String FILE = "genai_config.json";
  private static final String PAST = "past_key_values.";
  private static final String GENERATION = "generation_config.json";

  /**
   * Types of models that onnxruntime-genai knows by name; any other is its plain {@code decoder}.
   */
  private static final Set<String> KNOWN =
      Set.of("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "phi", "phi3");

  private GenaiConfig() {}

  /**
   * Of a decoder with its cache.
   *
   * @param program that was exported
   * @param file of the decoder, below the directory of this configuration
   * @param from directory of the checkpoint, whose {@code generation_config.json} comes first
   * @param cacheInPlace whether it may give buffers of {@code max_length} slots as past and present
   */
  static ObjectNode of(
      Pretrained model, Program program, String file, Path from, boolean cacheInPlace) {
    Map<String, TensorType> inputs =
        program.graph(TraceOptions.primitives().withCache(CacheMode.STEP)).inputTypes();
    TensorType key = first(inputs, PAST + "0.key"); // [batch, kv_heads, past, head_dim]
    long layers = inputs.keySet().stream().filter(n -> n.matches("past_key.*\\.key")).count();
    JsonNode config = model.config().json();
    JsonNode generation =
        Files.exists(from.resolve(GENERATION))
            ? JsonFile.read(from.resolve(GENERATION))
            : JsonFile.object();
    int heads = number(config, key.size(1), "num_attention_heads", "n_head", "n_heads");
    int width = number(config, heads * key.size(3), "hidden_size", "n_embd", "d_model");

    ObjectNode decoder = JsonFile.object();
    decoder.putObject("session_options").put("log_id", "onnxruntime-genai");
    decoder.withObject("/session_options").putArray("provider_options");
    decoder
        .put("filename", file)
        .put("head_size", key.size(3))
        .put("hidden_size", width)
        .put("num_attention_heads", heads)
        .put("num_hidden_layers", layers)
        .put("num_key_value_heads", key.size(1));
    ObjectNode given = decoder.putObject("inputs");
    for (String name : List.of("input_ids", "attention_mask", "position_ids")) {
      if (inputs.containsKey(name)) {
        given.put(name, name);
      }
    }
    given.put("past_key_names", PAST + "%d.key").put("past_value_names", PAST + "%d.value");
    decoder
        .putObject("outputs")
        .put("logits", "logits")
        .put("present_key_names", "present.%d.key")
        .put("present_value_names", "present.%d.value");

    ObjectNode root = JsonFile.object();
    ObjectNode described = root.putObject("model");
    for (String mark : List.of("bos_token_id", "eos_token_id", "pad_token_id")) {
      JsonNode id = generation.hasNonNull(mark) ? generation.get(mark) : config.path(mark);
      if (!id.isMissingNode() && !id.isNull()) {
        described.set(mark, id);
      }
    }
    if (!described.has("pad_token_id") && described.has("eos_token_id")) {
      JsonNode end = described.get("eos_token_id"); // what it pads with has no effect: it is masked
      described.set("pad_token_id", end.isArray() ? end.get(0) : end);
    }
    described
        .put("context_length", model.context())
        .put("type", KNOWN.contains(model.family()) ? model.family() : "decoder")
        .put("vocab_size", model.vocabulary())
        .set("decoder", decoder);
    root.set("search", search(model, generation, cacheInPlace));
    return root;
  }

  private static ObjectNode search(Pretrained model, JsonNode generation, boolean cacheInPlace) {
    return JsonFile.object()
        .put("do_sample", generation.path("do_sample").asBoolean(false))
        .put("max_length", model.context())
        .put("min_length", generation.path("min_length").asInt(0))
        .put("num_beams", generation.path("num_beams").asInt(1))
        .put("num_return_sequences", 1)
        .put("past_present_share_buffer", cacheInPlace)
        .put("repetition_penalty", generation.path("repetition_penalty").asDouble(1))
        .put("temperature", generation.path("temperature").asDouble(1))
        .put("top_k", generation.path("top_k").asInt(50))
        .put("top_p", generation.path("top_p").asDouble(1));
  }

  private static TensorType first(Map<String, TensorType> inputs, String name) {
    TensorType type = inputs.get(name);
    if (type == null) {
      throw new IllegalStateException("a decoder's step has no input " + name);
    }
    return type;
  }

  private static int number(JsonNode config, int otherwise, String... names) {
    for (String name : names) {
      if (config.path(name).isInt()) {
        return config.path(name).intValue();
      }
    }
    return otherwise;
  }
}
