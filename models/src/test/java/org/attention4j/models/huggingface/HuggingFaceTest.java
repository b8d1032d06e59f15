package org.attention4j.models.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.models.cli.Main;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A directory of Hugging Face's")
final class HuggingFaceTest {
  private static final Path RECORDED = Path.of("src/test/resources/golden");

  @TempDir Path directory;
  private Weights original = Weights.empty();

  @BeforeEach
  void copy() throws IOException {
    use("qwen3");
  }

  private void use(String name) throws IOException {
    try (Stream<Path> files = Files.list(RECORDED.resolve(name))) {
      for (Path file : files.toList()) {
        Files.write(directory.resolve(file.getFileName()), Files.readAllBytes(file));
      }
    }
    original = Weights.load(RECORDED.resolve(name));
  }

  private void store(Weights weights) {
    weights.save(directory.resolve("model.safetensors"));
  }

  private void configure(UnaryOperator<String> change) throws IOException {
    Path file = directory.resolve("config.json");
    Files.writeString(file, change.apply(Files.readString(file)));
  }

  private static double[] logits(Path path) {
    HostTensor ids = Weights.load(path.resolve("io.safetensors")).get("in.input_ids");
    try (PretrainedSession session =
        HuggingFace.open(path).session("reference", List.of("input_ids"))) {
      HostTensor logits = session.run(Map.of("input_ids", ids)).get("logits");
      return Objects.requireNonNull(logits).toDoubleArray();
    }
  }

  private void assertSameLogits(String name, double tolerance) {
    assertArrayEquals(logits(RECORDED.resolve(name)), logits(directory), tolerance);
  }

  @Test
  @DisplayName("opens with a prefix left out, or one more")
  void prefix() throws IOException {
    store(original.rename(name -> name.replaceFirst("^model\\.", "")));
    assertSameLogits("qwen3", 0);
    use("gpt2");
    store(original.rename(name -> name.replaceFirst("^transformer\\.", "")));
    assertSameLogits("gpt2", 0);
  }

  @Test
  @DisplayName("opens where the tied copy is stored, instead of the original or beside it")
  void tied() {
    String table = "model.embed_tokens.weight";
    Weights both = original.with("lm_head.weight", original.get(table));
    store(both);
    assertSameLogits("qwen3", 0);
    store(both.without(table));
    assertSameLogits("qwen3", 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vit_features", "bert_features"})
  @DisplayName("opens without the layer behind pooler_output if all of it is missing")
  void withoutPooler(String name) throws IOException {
    if (name.startsWith("vit")) {
      use(name);
    } else {
      use("bert_classes");
      configure(json -> json.replace("BertForSequenceClassification", "BertModel"));
      original = original.without("classifier.weight").without("classifier.bias");
    }
    List<String> pooler = original.names().stream().filter(n -> n.contains("pooler")).toList();
    assertEquals(2, pooler.size());
    store(original);
    HostTensor before = Objects.requireNonNull(outputs().get("last_hidden_state"));
    assertTrue(outputs().containsKey("pooler_output"));
    store(original.without(pooler.get(0)));
    assertThrows(WeightsException.class, () -> HuggingFace.open(directory));
    store(original.without(pooler.get(0)).without(pooler.get(1)));
    Map<String, HostTensor> outputs = outputs();
    assertTrue(before.equalsExactly(Objects.requireNonNull(outputs.get("last_hidden_state"))));
    assertEquals(false, outputs.containsKey("pooler_output"));
  }

  private Map<String, HostTensor> outputs() {
    Weights recorded = Weights.load(directory.resolve("io.safetensors"));
    String input = recorded.has("in.pixel_values") ? "pixel_values" : "input_ids";
    try (PretrainedSession session =
        HuggingFace.open(directory).session("reference", List.of(input))) {
      return session.run(Map.of(input, recorded.get("in." + input)));
    }
  }

  @Test
  @DisplayName("whose tied copy differs from the original is refused: one of them would be lost")
  void tiedButDifferent() {
    HostTensor copy = original.get("model.embed_tokens.weight").copy();
    copy.set(5, copy.getDouble(5) + 1);
    store(original.with("lm_head.weight", copy));
    WeightsException e = assertThrows(WeightsException.class, () -> HuggingFace.open(directory));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains("lm_head.weight differs from model.embed_tokens.weight"), message);
    assertTrue(message.contains(directory.toString()), message);
  }

  @Test
  @DisplayName("opens with a bias that an untied head does not read, whatever it holds")
  void unreadBias() throws IOException {
    use("bert_mlm_untied");
    String read = "cls.predictions.decoder.bias";
    String unread = "cls.predictions.bias";
    double[] logits = logits(directory);
    HostTensor other = original.get(read).copy();
    other.set(0, other.getDouble(0) + 1);
    store(original.with(unread, other));
    assertArrayEquals(logits, logits(directory));
    store(original.without(read).with(unread, original.get(read)));
    assertArrayEquals(logits, logits(directory), 0, "older files have the bias by that name alone");
  }

  @Test
  @DisplayName("opens with the names that old releases gave to the weights of norms")
  void legacyNames() throws IOException {
    use("bert_classes");
    store(
        original.rename(
            name ->
                name.replace("LayerNorm.weight", "LayerNorm.gamma")
                    .replace("LayerNorm.bias", "LayerNorm.beta")));
    assertTrue(Weights.load(directory).has("bert.embeddings.LayerNorm.gamma"));
    assertSameLogits("bert_classes", 0);
  }

  @Test
  @DisplayName("opens where the files are links into another folder, as in the download cache")
  void links() throws IOException {
    Path blobs = Files.createDirectories(directory.resolve("blobs"));
    Path snapshot = Files.createDirectories(directory.resolve("snapshots/main"));
    for (String name : List.of("config.json", "model.safetensors", "io.safetensors")) {
      Files.move(directory.resolve(name), blobs.resolve(name + "-hash"));
      Path target = Path.of("../../blobs").resolve(name + "-hash");
      Files.createSymbolicLink(snapshot.resolve(name), target);
    }
    assertArrayEquals(logits(RECORDED.resolve("qwen3")), logits(snapshot), 0);
  }

  @Test
  @DisplayName("opens from shards with an index")
  void shards() throws IOException {
    Weights first = Weights.empty();
    Weights second = Weights.empty();
    StringBuilder map = new StringBuilder();
    for (Map.Entry<String, HostTensor> e : original.tensors().entrySet()) {
      boolean layer = e.getKey().contains("layers.1");
      first = layer ? first : first.with(e.getKey(), e.getValue());
      second = layer ? second.with(e.getKey(), e.getValue()) : second;
      map.append(map.isEmpty() ? "" : ",")
          .append("\"" + e.getKey() + "\": \"model-" + (layer ? 2 : 1) + ".safetensors\"");
    }
    first.save(directory.resolve("model-1.safetensors"));
    second.save(directory.resolve("model-2.safetensors"));
    Files.delete(directory.resolve("model.safetensors"));
    Files.writeString(
        directory.resolve("model.safetensors.index.json"), "{\"weight_map\": {" + map + "}}");
    assertSameLogits("qwen3", 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"f16", "bf16"})
  @DisplayName("opens with weights of half precision")
  void halfPrecision(String type) {
    store(original.map((name, tensor) -> tensor.cast(DType.parse(type))));
    assertSameLogits("qwen3", type.equals("f16") ? 0.05 : 0.5);
  }

  @Test
  @DisplayName("opens with buffers of old releases")
  void buffers() throws IOException {
    use("gpt2");
    HostTensor buffer = HostTensor.of(new float[4], 1, 1, 2, 2);
    store(
        original
            .with("transformer.h.0.attn.bias", buffer)
            .with("transformer.h.0.attn.masked_bias", HostTensor.scalar(-1e4f)));
    assertSameLogits("gpt2", 0);
  }

  @Test
  @DisplayName("may hold the numbers of types that old encoders kept")
  void keptTypes() throws IOException {
    use("cross_encoder");
    HostTensor types = HostTensor.zeros(DType.I64, 1, 8);
    store(original.with("bert.embeddings.token_type_ids", types));
    assertEquals(
        HuggingFace.open(RECORDED.resolve("cross_encoder")).weights().names(),
        HuggingFace.open(directory).weights().names());
  }

  @Test
  @DisplayName("with wrong tensors is refused with one list of all of them")
  void oneList() {
    store(
        original
            .without("model.norm.weight")
            .without("model.layers.1.mlp.up_proj.weight")
            .with("model.layers.9.mlp.up_proj.weight", HostTensor.of(new float[2], 2))
            .with("model.embed_tokens.weight", HostTensor.of(new float[6], 2, 3)));
    WeightsException e = assertThrows(WeightsException.class, () -> HuggingFace.open(directory));
    String message = String.valueOf(e.getMessage());
    for (String part :
        List.of(
            "missing model.norm.weight",
            "missing model.layers.1.mlp.up_proj.weight",
            "surplus model.layers.9.mlp.up_proj.weight [2]",
            "model.embed_tokens.weight is [2, 3]")) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  @DisplayName("in PyTorch's format is refused with the way to convert it")
  void pickle() throws IOException {
    Files.move(directory.resolve("model.safetensors"), directory.resolve("pytorch_model.bin"));
    UsageException e = assertThrows(UsageException.class, () -> HuggingFace.open(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("save_pretrained"), e.getMessage());
  }

  @Test
  @DisplayName("with a setting that changes the numbers and is not computed is refused by name")
  void unsupported() throws IOException {
    configure(text -> text.replaceFirst("\\{", "{\"residual_multiplier\": 0.5,"));
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> HuggingFace.open(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("residual_multiplier"), e.getMessage());
  }

  @Test
  @DisplayName("of BLOOM that is split as in training, which leaves out biases, is refused")
  void splitBloom() throws IOException {
    use("bloom");
    configure(text -> text.replace("\"slow_but_exact\": false", "\"slow_but_exact\": true"));
    HuggingFace.open(directory); // in one part it changes nothing
    configure(text -> text.replace("\"pretraining_tp\": 1", "\"pretraining_tp\": 2"));
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> HuggingFace.open(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("slow_but_exact"), e.getMessage());
  }

  @Test
  @DisplayName("of an unknown family or head is refused with those that are known")
  void unknown() throws IOException {
    configure(text -> text.replace("Qwen3ForCausalLM", "Qwen3ForChess"));
    AttentionException e =
        assertThrows(AttentionException.class, () -> HuggingFace.open(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("causal-lm"), e.getMessage());
    configure(text -> text.replace("\"qwen3\"", "\"mamba\""));
    e = assertThrows(AttentionException.class, () -> HuggingFace.open(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("gpt_neox"), e.getMessage());
  }

  @Test
  @DisplayName("runs from the command line, with hidden states and attentions on request")
  void run() {
    Path outputs = directory.resolve("out.safetensors");
    StringWriter text = new StringWriter();
    PrintWriter writer = new PrintWriter(text);
    int code =
        Main.execute(
            writer,
            writer,
            "run",
            "--from=" + directory,
            "--engine=reference",
            "--inputs=" + directory.resolve("io.safetensors"),
            "--outputs=" + outputs,
            "--hidden-states",
            "--attentions");
    assertEquals(0, code, text::toString);
    Weights expected = Weights.load(directory.resolve("io.safetensors"));
    Weights got = Weights.load(outputs);
    for (String name :
        List.of("logits", "hidden_states.0", "hidden_states.2", "attentions.0", "attentions.1")) {
      assertArrayEquals(
          expected.get("out." + name).toDoubleArray(), got.get(name).toDoubleArray(), 1e-4, name);
    }
    assertEquals(6, got.names().size());
  }

  @Test
  @DisplayName("fails the golden command once a recorded value differs")
  void golden() {
    StringWriter text = new StringWriter();
    PrintWriter writer = new PrintWriter(text);
    String[] command = {"golden", "--dir=" + directory, "--engine=reference", "--json"};
    assertEquals(0, Main.execute(writer, writer, command), text::toString);
    Weights io = Weights.load(directory.resolve("io.safetensors")).copied();
    HostTensor logits = io.get("out.logits");
    logits.set(3, logits.getDouble(3) + 0.01);
    io.save(directory.resolve("io.safetensors"));
    text.getBuffer().setLength(0);
    assertEquals(1, Main.execute(writer, writer, command), text::toString);
    assertTrue(text.toString().contains("\"failed\" : 1"), text::toString);
  }
}
