package org.attention4j.models.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.attention4j.error.UsageException;
import org.attention4j.models.cli.Main;
import org.attention4j.models.huggingface.Adapter;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.store.JsonFile;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.onnxformat.proto.GraphProto;
import org.attention4j.onnxformat.proto.ValueInfoProto;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.ExportReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an export of a checkpoint consists of, and that it agrees with the source. */
class CheckpointExportTest {
  private static final Path RESOURCES = Path.of("src", "test", "resources");
  private static final Path RECORDED = RESOURCES.resolve("golden");
  private static final Path TRANSLATORS = RESOURCES.resolve("translators");

  @TempDir Path folder;

  private static CheckpointExport of(String name) {
    return CheckpointExport.of(RECORDED.resolve(name));
  }

  private GraphProto graph(String file) throws IOException {
    return OnnxFiles.readModel(folder.resolve(file)).getGraph();
  }

  private static List<String> names(List<ValueInfoProto> values) {
    return values.stream().map(ValueInfoProto::getName).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gemma3", "bloom", "mixtral"})
  void decodersAgreeWithTheSourceWithAndWithoutCache(String name) throws IOException {
    for (boolean cache : new boolean[] {false, true}) {
      ExportReport report = of(name).withCache(cache).to(folder);
      assertTrue(report.worst() < 2e-5, report.toString());
      assertEquals(cache ? 8 : 4, report.comparisons().size());
      List<String> inputs = names(graph("model.onnx").getInputList());
      assertEquals(List.of("input_ids", "attention_mask"), inputs.subList(0, 2));
      assertEquals(cache, inputs.contains("past_key_values.0.key"));
      assertEquals(cache, names(graph("model.onnx").getOutputList()).contains("present.0.value"));
    }
  }

  @Test
  void theTextPartOfAModelOfPicturesIsDescribedAsOne() {
    ExportReport report = of("gemma3_words").withCache(true).to(folder);
    assertTrue(report.worst() < 2e-5, report.toString());
    Path config = folder.resolve("config.json");
    assertEquals("gemma3_text", JsonFile.read(config).path("model_type").asText());
    assertEquals("Gemma3ForCausalLM", JsonFile.read(config).at("/architectures/0").asText());
    assertEquals(16, JsonFile.read(config).path("hidden_size").asInt());
  }

  @Test
  void anAdapterIsMergedIntoWhatTheCommandWrites() throws IOException {
    String from = RECORDED.resolve("gpt2").toString();
    String adapter = RESOURCES.resolve("finetune/lora_gpt2/after").toString();
    Path plain = folder.resolve("plain");
    Path adapted = folder.resolve("adapted");
    assertEquals(0, export("--from", from, "--to", plain.toString()));
    assertEquals(0, export("--from", from, "--to", adapted.toString(), "--adapter", adapter));
    Map<String, ByteString> before = weights("plain/model.onnx");
    Map<String, ByteString> after = weights("adapted/model.onnx");
    assertEquals(before.keySet(), after.keySet());
    Set<String> changed = new TreeSet<>();
    after.forEach(
        (name, values) -> {
          if (!values.equals(before.get(name))) {
            changed.add(name);
          }
        });
    Set<String> targets = new TreeSet<>();
    for (String path : Adapter.load(Path.of(adapter), model(from)).weights().names()) {
      targets.add(path.replaceFirst("lora_[AB]\\.weight$", "weight"));
    }
    assertEquals(targets, changed);
  }

  private static Pretrained model(String directory) {
    return HuggingFace.open(Path.of(directory)).model();
  }

  private static int export(String... options) {
    List<String> arguments = new ArrayList<>(List.of("export", "--quiet"));
    arguments.addAll(List.of(options));
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    return Main.execute(nowhere, nowhere, arguments.toArray(String[]::new));
  }

  private Map<String, ByteString> weights(String file) throws IOException {
    Map<String, ByteString> weights = new LinkedHashMap<>();
    graph(file).getInitializerList().forEach(w -> weights.put(w.getName(), w.getRawData()));
    return weights;
  }

  @ParameterizedTest
  @ValueSource(strings = {"t5_gated", "marian"})
  void encoderAndDecoderLieApartWithTheirStepsInEachForm(String name) throws IOException {
    CheckpointExport export = CheckpointExport.of(TRANSLATORS.resolve(name));
    assertEquals(4, export.to(folder.resolve("whole")).comparisons().size());
    ExportReport report = export.withCache(true).to(folder);
    assertTrue(report.worst() < 2e-5, report.toString());
    assertEquals(16, report.comparisons().size(), "two ways of decoding, with and without steps");
    assertEquals(
        List.of("input_ids", "encoder_attention_mask", "encoder_hidden_states"),
        names(graph("decoder_model.onnx").getInputList()));
    List<String> later = names(graph("decoder_with_past_model.onnx").getInputList());
    assertFalse(later.contains("encoder_hidden_states"), later.toString());
    assertTrue(later.contains("past_key_values.0.encoder.value"), later.toString());
    GraphProto merged = graph("decoder_model_merged.onnx");
    assertEquals(1, merged.getNodeCount());
    assertEquals("If", merged.getNode(0).getOpType());
    assertTrue(names(merged.getInputList()).contains("use_cache_branch"));
    assertEquals(List.of("last_hidden_state"), names(graph("encoder_model.onnx").getOutputList()));
    long apart = Files.size(folder.resolve("decoder_model.onnx"));
    long together = Files.size(folder.resolve("decoder_model_merged.onnx"));
    assertTrue(together < 1.8 * apart, "branches share their weights");
  }

  @Test
  void settingsOfPicturesGetTheFileThatClientsRead() throws IOException {
    Path from = folder.resolve("from");
    Files.createDirectory(from);
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(RECORDED.resolve("vit_pooled").resolve(file), from.resolve(file));
    }
    Files.writeString(
        from.resolve("processor_config.json"), "{\"image_processor\": {\"do_resize\": false}}");
    CheckpointExport.of(from).to(folder.resolve("to"));
    ObjectNode settings = JsonFile.read(folder.resolve("to/preprocessor_config.json"));
    assertEquals("{\"do_resize\":false}", settings.toString());
  }

  @Test
  void theFirstStepTakesAnEmptyPastOfSoundsToo() throws IOException {
    of("whisper").withCache(true).to(folder);
    for (ValueInfoProto input : graph("decoder_model_merged.onnx").getInputList()) {
      if (input.getName().contains(".encoder.")) {
        var length = input.getType().getTensorType().getShape().getDim(2);
        assertTrue(length.hasDimParam(), input.toString());
      }
    }
  }

  @Test
  void mergedStepsMayHaveFunctionsForAttention() throws IOException {
    ExportReport report =
        CheckpointExport.of(TRANSLATORS.resolve("bart"))
            .withLayout(Layout.TRANSFORMERS_JS)
            .withAttention(AttentionForm.FUNCTION)
            .to(folder);
    assertTrue(report.worst() < 2e-5, report.toString());
    assertFalse(Files.exists(folder.resolve("onnx/decoder_model.onnx")));
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2, true, 0",
    "bloom, true, 0",
    "qwen3, true, 0",
    "gemma2, true, 2",
    "cross_encoder, false, 0",
    "vit_features, false, 0",
  })
  void attentionMayBeTheOperatorOfOpset23(String name, boolean cache, int primitives)
      throws IOException {
    ExportReport report = of(name).withCache(cache).withAttention(AttentionForm.OPSET23).to(folder);
    assertTrue(report.worst() < 2e-5, report.toString());
    assertEquals(
        23, OnnxFiles.readModel(folder.resolve("model.onnx")).getOpsetImport(0).getVersion());
    long nodes =
        graph("model.onnx").getNodeList().stream()
            .filter(node -> node.getOpType().equals("Attention"))
            .count();
    assertEquals(primitives == 0, nodes > 0);
    String line = report.attention().get(0);
    String said = nodes + " as nodes Attention, " + primitives + " as primitives";
    assertTrue(line.startsWith("model.onnx: " + said), line);
  }

  @Test
  void partsAndTheirMergedStepsMayHaveTheOperatorOfOpset23() throws IOException {
    ExportReport report =
        CheckpointExport.of(TRANSLATORS.resolve("t5_gated"))
            .withCache(true)
            .withAttention(AttentionForm.OPSET23)
            .to(folder);
    assertTrue(report.worst() < 2e-5, report.toString());
    assertEquals(5, report.attention().size(), report.attention().toString());
    assertTrue(
        report.attention().stream().allMatch(line -> line.endsWith(", 0 as primitives")),
        report.attention().toString());
  }

  @ParameterizedTest
  @CsvSource({
    "roberta_mlm, input_ids attention_mask, logits",
    "cross_encoder, input_ids attention_mask token_type_ids, logits",
    "bert_tokens, input_ids attention_mask token_type_ids, logits",
    "llama_classes, input_ids attention_mask, logits",
    "sentence_pooled, input_ids attention_mask,"
        + " last_hidden_state sentence_embedding token_embeddings",
    "deit, pixel_values, logits",
    "vit_features, pixel_values, last_hidden_state pooler_output",
  })
  void othersTakeAndReturnWhatClientsExpect(String name, String inputs, String outputs)
      throws IOException {
    ExportReport report = of(name).to(folder);
    assertTrue(report.worst() < 2e-5, report.toString());
    assertEquals(List.of(inputs.split(" ")), names(graph("model.onnx").getInputList()));
    assertEquals(List.of(outputs.split(" ")), names(graph("model.onnx").getOutputList()));
  }

  @Test
  void filesForClientsLieBeside() throws IOException {
    of("sentence_pooled").withLayout(Layout.TRANSFORMERS_JS).to(folder);
    for (String file : List.of("onnx/model.onnx", "modules.json", "1_Pooling/config.json")) {
      assertTrue(Files.exists(folder.resolve(file)), file);
    }
    JsonNode parity = new ObjectMapper().readTree(folder.resolve("parity.json").toFile());
    assertTrue(parity.path("passed").asBoolean());
    assertFalse(Files.exists(folder.resolve("genai_config.json")));
  }

  @Test
  void weightsBesideAModelAreAnnounced() throws IOException {
    of("gpt2").withLayout(Layout.TRANSFORMERS_JS).withExternalData(true).to(folder);
    assertTrue(Files.exists(folder.resolve("onnx/model.onnx_data")));
    JsonNode config = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
    JsonNode beside = config.at("/transformers.js_config/use_external_data_format");
    assertEquals("{\"model.onnx\":true}", beside.toString());
    assertEquals("gpt2", config.path("model_type").asText());
  }

  @Test
  void genaiIsToldTheSizesOfTheCache() throws IOException {
    of("qwen3").withLayout(Layout.GENAI).to(folder);
    JsonNode json = new ObjectMapper().readTree(folder.resolve("genai_config.json").toFile());
    JsonNode decoder = json.at("/model/decoder");
    GraphProto graph = graph("model.onnx");
    ValueInfoProto key =
        graph.getInputList().stream()
            .filter(input -> input.getName().equals("past_key_values.0.key"))
            .findFirst()
            .orElseThrow();
    var shape = key.getType().getTensorType().getShape();
    assertEquals(shape.getDim(1).getDimValue(), decoder.path("num_key_value_heads").asLong());
    assertEquals(shape.getDim(3).getDimValue(), decoder.path("head_size").asLong());
    assertEquals("qwen3", json.at("/model/type").asText());
    assertFalse(json.at("/search/past_present_share_buffer").asBoolean(true));
    for (JsonNode input : decoder.path("inputs")) {
      String name = String.format(input.asText(), 0);
      assertTrue(names(graph.getInputList()).contains(name), name);
    }
  }

  @ParameterizedTest
  @CsvSource({"qwen3, true", "llama3, false"}) // llama3 has heads of 4 features here, too small
  void genaiMayKeepOneBufferWhereAllAttentionWritesInPlace(String name, boolean inPlace)
      throws IOException {
    of(name).withLayout(Layout.GENAI).withAttention(AttentionForm.GQA).to(folder);
    JsonNode json = new ObjectMapper().readTree(folder.resolve("genai_config.json").toFile());
    assertEquals(inPlace, json.at("/search/past_present_share_buffer").asBoolean(!inPlace));
  }

  @ParameterizedTest
  @CsvSource({
    "8, golden/qwen3, true, onnx/model_quantized.onnx, MatMulNBits",
    "4, golden/qwen3, true, onnx/model_q4.onnx, MatMulNBits",
    "8, golden/cross_encoder, false, onnx/model_quantized.onnx, DynamicQuantizeMatMul",
  })
  void roundedWeightsAreJudgedByTheirCosineAndNeverCalledEqual(
      int bits, String name, boolean decodes, String file, String operator) throws IOException {
    ExportReport report =
        CheckpointExport.of(RESOURCES.resolve(name))
            .withLayout(Layout.TRANSFORMERS_JS)
            .withBits(bits)
            .to(folder);
    assertTrue(report.cosine() > 0.9 && report.cosine() < 1, report.toString());
    assertTrue(report.worst() > report.tolerance(), "rounding shows");
    assertEquals(report.cosine() >= report.leastCosine(), report.passed());
    assertTrue(
        graph(file).getNodeList().stream().anyMatch(node -> node.getOpType().equals(operator)));
    JsonNode parity = new ObjectMapper().readTree(folder.resolve("parity.json").toFile());
    assertTrue(parity.path("rule").asText().contains("cosine"), parity.toString());
    JsonNode measures = parity.path("comparisons").get(2 * (decodes ? 1 : 0)).path("closeness");
    assertTrue(measures.path("cosine.logits").asDouble() > 0.9, measures.toString());
    assertEquals(decodes, measures.has("perplexity.file"), measures.toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32, 64})
  void blocksOfRoundedWeightsHaveTheSizeAskedFor(int size) throws IOException {
    of("gpt2").withBits(4).withBlock(size).to(folder);
    List<AttributeProto> sizes =
        graph("model.onnx").getNodeList().stream()
            .filter(node -> node.getOpType().equals("MatMulNBits"))
            .flatMap(node -> node.getAttributeList().stream())
            .filter(attribute -> attribute.getName().equals("block_size"))
            .toList();
    assertFalse(sizes.isEmpty());
    sizes.forEach(attribute -> assertEquals(size, attribute.getI()));
  }

  @Test
  void theHeadMayBeChosen() throws IOException {
    of("gpt2").withTask("feature-extraction").to(folder);
    assertEquals(List.of("last_hidden_state"), names(graph("model.onnx").getOutputList()));
    of("gpt2").withTask("text-generation-with-past").to(folder);
    assertTrue(names(graph("model.onnx").getOutputList()).contains("present.0.key"));
  }

  private static void refused(String expected, Executable action) {
    String message = String.valueOf(assertThrows(UsageException.class, action).getMessage());
    assertTrue(message.contains(expected), message);
  }

  @Test
  void whatCannotBeExportedIsRefusedByName() {
    refused("text-generation", () -> of("gpt2").withTask("poetry").to(folder));
    refused("causal-lm", () -> of("gpt2").withTask("fill-mask").to(folder));
    refused("no cache", () -> of("deit").withCache(true).to(folder));
    refused("8 or 4 bits", () -> of("deit").withBits(3).to(folder));
    refused("a block has 16, 32", () -> of("gpt2").withBits(4).withBlock(48).to(folder));
    refused("--with-cache", () -> of("gpt2").withAttention(AttentionForm.GQA).to(folder));
    refused("transformers.js", () -> Layout.parse("tensorflow"));
  }
}
