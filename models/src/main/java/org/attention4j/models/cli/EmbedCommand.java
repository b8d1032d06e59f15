package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.attention4j.error.Count;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.TextEmbedder;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.AtomicFile;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "embed",
    sortOptions = false,
    description = {
      "Turn each line of text into a vector, with a sentence encoder.",
      "Prompts, the longest text, pooling and normalisation are those of the directory, as"
          + " sentence-transformers wrote it; without such files it is the mean of the tokens.",
      "Each line of the output is a JSON object with index, text and embedding; with --similarity it"
          + " is the cosines of a text with all texts, with tabs between."
    })
final class EmbedCommand implements Callable<Integer> {
  private static final int CHUNK = 4096; // lines that are sorted by length together
  private static final String TENSOR_FILE = ".safetensors";

  @Mixin private SourceOption from = new SourceOption();
  @Mixin private TextInput input = new TextInput();

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description =
          "Write here instead: JSON lines, or the tensor 'embeddings' [texts, features] if the name"
              + " ends with .safetensors.")
  private @Nullable Path output;

  @Option(
      names = "--prompt-name",
      paramLabel = "NAME",
      description = "Put this prompt of the model's before each text, such as query.")
  private @Nullable String promptName;

  @Option(names = "--prompt", paramLabel = "TEXT", description = "Put this before each text.")
  private @Nullable String prompt;

  @Option(
      names = "--similarity",
      description = "Print the cosine of each text with each, in place of the vectors.")
  private boolean similarity;

  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (prompt != null && promptName != null) {
      throw new UsageException("give --prompt or --prompt-name, not both");
    }
    if (similarity && output != null) {
      throw new UsageException("--similarity prints cosines; leave out --output");
    }
    if (output != null) {
      Writable.file(output);
    }
    input.check();
    try (TextEmbedder embedder =
        TextEmbedder.open(from.path(), engine.engine(), engine.session())) {
      common.progress(embedder.description());
      String before =
          promptName != null
              ? embedder.prompt(promptName)
              : prompt == null ? embedder.usualPrompt() : prompt;
      List<String> texts = input.lines();
      long start = System.nanoTime();
      ObjectNode json = write(embedder, texts, before);
      double seconds = (System.nanoTime() - start) / 1e9;
      common.progress(
          String.format(
              Locale.ROOT,
              "%s in %.2f s%s",
              Count.of(texts.size(), "text"),
              seconds,
              TextInput.cut(embedder.truncated(), "; ")));
      json.put("texts", texts.size())
          .put("truncated", embedder.truncated())
          .put("seconds", seconds)
          .put("engine", embedder.description());
      common.result(json);
    }
    return Failures.DONE;
  }

  private ObjectNode write(TextEmbedder embedder, List<String> texts, String before) {
    ObjectNode json = JsonFile.object();
    if (similarity) {
      similarities(embedder, texts, before, json.putArray("similarity"));
    } else if (output == null && common.json()) {
      ArrayNode all = json.putArray("embeddings");
      each(embedder, texts, before, (index, vector) -> all.add(JsonFile.tree(vector)));
    } else if (output == null) {
      each(embedder, texts, before, (i, vector) -> common.say(line(i, texts.get(i), vector)));
    } else if (output.toString().endsWith(TENSOR_FILE)) {
      tensor(embedder, texts, before, output);
    } else {
      lines(embedder, texts, before, output);
    }
    if (output != null) {
      json.put("output", output.toString());
      common.say(output.toString());
    }
    return json;
  }

  /** A row of cosines [texts] for each text. */
  private void similarities(
      TextEmbedder embedder, List<String> texts, String before, ArrayNode rows) {
    if (texts.size() > CHUNK) {
      throw new UsageException(
          "--similarity compares at most " + CHUNK + " texts, not " + texts.size());
    }
    float[][] vectors = chunk(embedder, texts, before, 0);
    for (float[] one : vectors) {
      ArrayNode row = rows.addArray();
      StringBuilder line = new StringBuilder();
      for (float[] other : vectors) {
        double cosine = TextEmbedder.cosine(one, other);
        row.add(cosine);
        line.append(line.isEmpty() ? "" : "\t").append(String.format(Locale.ROOT, "%.6f", cosine));
      }
      common.say(line.toString());
    }
  }

  private void lines(TextEmbedder embedder, List<String> texts, String before, Path file) {
    AtomicFile.write(
        file,
        out -> {
          for (int from = 0; from < texts.size(); from += CHUNK) {
            StringBuilder lines = new StringBuilder();
            int first = from;
            float[][] vectors = chunk(embedder, texts, before, from);
            for (int i = 0; i < vectors.length; i++) {
              lines.append(line(first + i, texts.get(first + i), vectors[i])).append('\n');
            }
            ByteBuffer bytes = ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
              out.write(bytes);
            }
          }
        });
  }

  private void tensor(TextEmbedder embedder, List<String> texts, String before, Path file) {
    float[][] all = new float[texts.size()][];
    each(embedder, texts, before, (index, vector) -> all[index] = vector);
    float[] values = new float[all.length * all[0].length];
    for (int i = 0; i < all.length; i++) {
      System.arraycopy(all[i], 0, values, i * all[0].length, all[0].length);
    }
    Weights.of(Map.of("embeddings", HostTensor.of(values, all.length, all[0].length))).save(file);
  }

  private void each(
      TextEmbedder embedder,
      List<String> texts,
      String before,
      BiConsumer<Integer, float[]> vectors) {
    for (int from = 0; from < texts.size(); from += CHUNK) {
      float[][] chunk = chunk(embedder, texts, before, from);
      for (int i = 0; i < chunk.length; i++) {
        vectors.accept(from + i, chunk[i]);
      }
    }
  }

  private float[][] chunk(TextEmbedder embedder, List<String> texts, String before, int from) {
    List<String> some = texts.subList(from, Math.min(texts.size(), from + CHUNK));
    return embedder.embed(some, before, input.batch());
  }

  private static String line(int index, String text, float[] vector) {
    ObjectNode json = JsonFile.object();
    json.put("index", index).put("text", text);
    json.set("embedding", JsonFile.tree(vector));
    return json.toString();
  }
}
