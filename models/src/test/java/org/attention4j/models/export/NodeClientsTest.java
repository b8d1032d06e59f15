package org.attention4j.models.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.attention4j.conformance.onnx.NodeJs;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.models.cli.Main;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.text.GenerationConfig;
import org.attention4j.spi.ExportReport;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Exported directories give the recorded tokens and values of Hugging Face's transformers in
 * programs that are not ours.
 */
class NodeClientsTest {
  private static final Path RECORDED = Path.of("src", "test", "resources");
  private static final int PROMPT = 6;

  @TempDir Path folder;

  private final ArrayNode cases = new ObjectMapper().createArrayNode();
  private final Map<String, double[]> expected = new LinkedHashMap<>();

  private static Weights recorded(String name) {
    return Weights.load(RECORDED.resolve(name).resolve("io.safetensors"));
  }

  /** One case, and what must come out of it. */
  private ObjectNode add(String client, String recording, Layout layout, HostTensor wanted) {
    String name = recording.replace('/', '-') + "-" + layout.label();
    ExportReport report =
        CheckpointExport.of(RECORDED.resolve(recording))
            .withLayout(layout)
            .withCache(!client.equals("encoder") && !client.equals("image"))
            .to(folder.resolve(name));
    assertTrue(report.passed(), report.toString());
    expected.put(client + " " + name, wanted.toDoubleArray());
    return cases
        .addObject()
        .put("client", client)
        .put("parent", folder.toAbsolutePath() + "/")
        .put("name", name);
  }

  private static void input(ObjectNode test, String name, HostTensor tensor) {
    ObjectNode json = test.withObject("/inputs/" + name);
    json.put("type", tensor.dtype() == DType.I64 ? "int64" : "float32");
    for (long size : tensor.shape()) {
      json.withArray("/shape").add(size);
    }
    for (double value : tensor.toDoubleArray()) {
      if (tensor.dtype() == DType.I64) {
        json.withArray("/data").add((long) value);
      } else {
        json.withArray("/data").add(value);
      }
    }
  }

  /** The first columns of [rows, columns]. */
  private static HostTensor columns(HostTensor tensor, int count) {
    HostTensor part = HostTensor.zeros(DType.I64, tensor.dim(0), count);
    for (int i = 0; i < part.size(); i++) {
      part.set(i, tensor.getLong(i / count * tensor.dim(1) + i % count));
    }
    return part;
  }

  private void decoder(String client, String recording, Layout layout) {
    Weights io = recorded(recording);
    HostTensor sequences = io.get("out.gen.sequences");
    ObjectNode test = add(client, recording, layout, sequences);
    test.put("tokens", sequences.dim(1) - PROMPT);
    if (!client.equals("runtime") && layout == Layout.OPTIMUM) {
      test.put("subfolder", "");
    }
    input(test, "input_ids", columns(io.get("in.input_ids"), PROMPT));
  }

  private void paddedDecoder(String recording) {
    Weights io = recorded(recording);
    HostTensor sequences = io.get("out.gen_left.sequences");
    ObjectNode test = add("decoder", recording, Layout.TRANSFORMERS_JS, sequences);
    test.put("tokens", sequences.dim(1) - PROMPT);
    input(test, "input_ids", io.get("in.gen_left.input_ids"));
    input(test, "attention_mask", io.get("in.gen_left.attention_mask"));
  }

  private void check() throws IOException {
    NodeJs node = NodeJs.install("clients.mjs");
    Path file = folder.resolve("cases.json");
    Files.writeString(file, cases.toString());
    String output = node.run(file);
    JsonNode results = new ObjectMapper().readTree(output.substring(output.lastIndexOf('\n') + 1));
    int n = 0;
    for (Map.Entry<String, double[]> entry : expected.entrySet()) {
      double[] got =
          StreamSupport.stream(results.get(n++).spliterator(), false)
              .mapToDouble(JsonNode::asDouble)
              .toArray();
      assertArrayEquals(entry.getValue(), got, 1e-4, entry.getKey());
    }
  }

  @Test
  void decodersWriteTheRecordedTokens() throws IOException {
    decoder("decoder", "golden/gpt2", Layout.TRANSFORMERS_JS);
    decoder("decoder", "golden/llama3", Layout.OPTIMUM);
    decoder("runtime", "golden/qwen3", Layout.OPTIMUM);
    decoder("runtime", "golden/bloom", Layout.GENAI);
    paddedDecoder("golden/gemma3");
    check();
  }

  private void translator(String recording, Layout layout) {
    Weights io = recorded(recording);
    HostTensor sequences = io.get("out.gen.sequences");
    ObjectNode test = add("translator", recording, layout, sequences);
    test.put("tokens", sequences.dim(1) - 1);
    if (layout == Layout.OPTIMUM) {
      test.put("subfolder", "");
    }
    input(test, "input_ids", io.get("in.input_ids"));
    input(test, "attention_mask", io.get("in.attention_mask"));
  }

  @Test
  void encoderDecodersWriteTheRecordedTokens() throws IOException {
    translator("translators/t5", Layout.TRANSFORMERS_JS);
    translator("translators/marian", Layout.TRANSFORMERS_JS);
    translator("translators/bart", Layout.OPTIMUM);
    check();
  }

  /** A translator that was fine-tuned here: saved, read again, exported, and run in Node. */
  @Test
  void whatWasTrainedWritesTheSameTokensInNode() throws IOException {
    Path from = Path.of("src/test/resources/texts/t5");
    Path data = folder.resolve("pairs.tsv");
    Files.writeString(
        data, "the cat\tel gato\nthe dog\tel perro\na red cat\tun gato rojo\n".repeat(6));
    Path out = folder.resolve("trained");
    StringWriter err = new StringWriter();
    String options =
        "--engine reference --steps 4 --batch 4 --learning-rate 1e-2 --evaluation-batches 1"
            + " --training-share 0.8 --quiet --seed 3";
    List<String> arguments = new ArrayList<>(List.of("train", "--from", from.toString()));
    arguments.addAll(List.of("--data", data.toString(), "--out", out.toString()));
    arguments.addAll(List.of(options.split(" ")));
    int code =
        Main.execute(
            new PrintWriter(Writer.nullWriter()),
            new PrintWriter(err),
            arguments.toArray(String[]::new));
    assertEquals(0, code, err.toString());
    Checkpoint trained = HuggingFace.open(out);
    HostTensor ids = HostTensor.of(new long[] {5, 9, 12, 7, 1}, 1, 5);
    HostTensor mask = HostTensor.of(new long[] {1, 1, 1, 1, 1}, 1, 5);
    long[] written = greedy(trained, ids, mask);
    assertFalse(Arrays.equals(greedy(HuggingFace.open(from), ids, mask), written), "it learned");
    long[] sequence = new long[written.length + 1]; // from the start token on
    System.arraycopy(written, 0, sequence, 1, written.length);
    CheckpointExport.of(out).withLayout(Layout.TRANSFORMERS_JS).to(folder.resolve("in-node"));
    ObjectNode test = cases.addObject();
    test.put("client", "translator")
        .put("parent", folder.toAbsolutePath() + "/")
        .put("name", "in-node");
    test.put("tokens", written.length);
    expected.put("trained", HostTensor.of(sequence, 1, sequence.length).toDoubleArray());
    input(test, "input_ids", ids);
    input(test, "attention_mask", mask);
    check();
  }

  /** As the directory says, but without an end. */
  private static long[] greedy(Checkpoint checkpoint, HostTensor ids, HostTensor mask) {
    Map<String, HostTensor> source = Map.of("input_ids", ids, "attention_mask", mask);
    Set<String> inputs = Set.of("input_ids", "attention_mask", "decoder_input_ids");
    GenerationOptions options =
        GenerationConfig.read(checkpoint.path()).options(32, 1, 10).taking(10).stoppingAt(Set.of());
    try (PretrainedSession session = checkpoint.session("reference", inputs)) {
      return Generator.translator(session.session(), source)
          .generate(new long[] {0}, options)
          .ids();
    }
  }

  @Test
  void encodersOfSentencesAndImagesGiveTheRecordedValues() throws IOException {
    Weights sentences = recorded("golden/sentence_pooled");
    ObjectNode sentence =
        add(
            "encoder",
            "golden/sentence_pooled",
            Layout.TRANSFORMERS_JS,
            sentences.get("out.sentence_embedding"));
    sentence.put("output", "sentence_embedding");
    input(sentence, "input_ids", sentences.get("in.input_ids"));
    input(sentence, "attention_mask", sentences.get("in.attention_mask"));
    Weights images = recorded("golden/deit");
    ObjectNode image =
        add("image", "golden/deit", Layout.TRANSFORMERS_JS, images.get("out.logits"));
    image.put("output", "logits");
    input(image, "pixel_values", images.get("in.pixel_values"));
    check();
  }
}
