package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.error.UsageException;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;

/**
 * Translates, summarises or rewrites texts with an encoder-decoder's directory, as its {@code
 * generation_config.json} wants it: beams, first and last tokens, what may not be said. As
 * thread-safe as the engine's session.
 *
 * <pre>{@code
 * try (Translator translator = Translator.open(Path.of("opus-mt-en-es"), "onnx")) {
 *   List<String> spanish = translator.translate(List.of("The cat sleeps.", "A dog barks."));
 * }
 * }</pre>
 */
public final class Translator implements AutoCloseable {
  private static final int NEW_TOKENS = 200;
  private static final int BATCH = 16;

  private final TextGenerator generator;

  private Translator(TextGenerator generator) {
    this.generator = generator;
  }

  /** Opens a directory on the CPU in f32; see {@link #open(Path, Engine, SessionOptions)}. */
  public static Translator open(Path directory, String engine) {
    return open(directory, Engines.get(engine), SessionOptions.defaults());
  }

  /**
   * Opens a directory.
   *
   * @throws UsageException if the model is no encoder-decoder
   * @throws org.attention4j.error.StorageException if a file is missing
   * @throws org.attention4j.error.FileFormatException if a file is damaged
   * @throws org.attention4j.error.EngineException if the engine cannot serve
   */
  public static Translator open(Path directory, Engine engine, SessionOptions options) {
    TextGenerator generator = TextGenerator.open(directory, engine, options);
    if (generator.continues()) {
      generator.close();
      throw new UsageException(
          directory + " continues texts and does not translate them: use generate");
    }
    return new Translator(generator);
  }

  /** The translations of texts, in their order. */
  public List<String> translate(List<String> texts) {
    return translate(texts, "", defaults(), BATCH).stream().map(GeneratedText::text).toList();
  }

  /**
   * The translations of texts, in their order: as many of each as the options ask for.
   *
   * @param prefix put before each text, such as {@code "translate English to German: "}
   * @param batch texts at a time, at most; texts of about one length run together
   * @throws UsageException if a text is longer than the model reads
   */
  public List<GeneratedText> translate(
      List<String> texts, String prefix, GenerationOptions options, int batch) {
    if (batch < 1) {
      throw new UsageException("a batch has at least 1 text, not " + batch);
    }
    List<Integer> order =
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> -texts.get(i).length()))
            .toList();
    List<List<GeneratedText>> results =
        new ArrayList<>(texts.stream().map(t -> List.<GeneratedText>of()).toList());
    for (int from = 0; from < order.size(); from += batch) {
      List<Integer> some = order.subList(from, Math.min(order.size(), from + batch));
      List<GeneratedText> told =
          generator.generate(some.stream().map(i -> prefix + texts.get(i)).toList(), options);
      for (int i = 0; i < some.size(); i++) {
        int each = options.sequences();
        results.set(some.get(i), told.subList(i * each, (i + 1) * each));
      }
    }
    return results.stream().flatMap(List::stream).toList();
  }

  /**
   * A task that {@code config.json} describes in {@code task_specific_params}, as T5's and BART's
   * do.
   *
   * @param prefix put before each text; may be empty
   */
  public record Task(String prefix, GenerationOptions options) {}

  /**
   * A task by its name, such as {@code translation_en_to_de} or {@code summarization}.
   *
   * @throws UsageException if the directory describes none of that name
   */
  public Task task(String name) {
    JsonNode tasks = generator.modelConfig().path("task_specific_params");
    if (!(tasks.path(name) instanceof ObjectNode entries)) {
      List<String> names = new ArrayList<>();
      tasks.fieldNames().forEachRemaining(names::add);
      throw new UsageException(
          "there is no task '"
              + name
              + "' in config.json; "
              + (names.isEmpty() ? "it describes none" : "it describes " + names));
    }
    return new Task(entries.path("prefix").asText(""), generator.defaults(entries, NEW_TOKENS));
  }

  /** How the directory wants its translations; 200 tokens at most if it does not say. */
  public GenerationOptions defaults() {
    return generator.defaults(NEW_TOKENS, List.of());
  }

  /** A rule that ends translations at strings. */
  public StopStrings stopAt(List<String> strings) {
    return generator.stopAt(strings);
  }

  /** What computes. */
  public String description() {
    return generator.description();
  }

  @Override
  public void close() {
    generator.close();
  }
}
