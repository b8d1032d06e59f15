package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Sampling;
import org.attention4j.models.data.PairBatches.Marks;
import org.attention4j.models.family.Bert;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.store.ModelDirectory;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Session;
import org.attention4j.tensor.HostTensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "generate",
    sortOptions = false,
    description = {
      "Continue a text, or translate it if the model is an encoder-decoder.",
      "The same seed gives the same text on every run; temperature 0 takes the most probable token."
    })
final class GenerateCommand implements Callable<Integer> {
  private static final String DEFAULT = " Default: ${DEFAULT-VALUE}.";

  @Option(
      names = "--from",
      paramLabel = "DIR",
      required = true,
      description = "Directory of the model.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path from;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      required = true,
      description = "Text to continue or translate.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private String prompt;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "200",
      description = "New tokens at most." + DEFAULT)
  private int tokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0.8",
      description = "How bold; 0 for the most probable token." + DEFAULT)
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "Draw from the K most probable tokens; 0 for all." + DEFAULT)
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description = "Draw from the fewest tokens with this probability together." + DEFAULT)
  private double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      defaultValue = "0",
      description = "Leave out tokens below this share of the highest probability." + DEFAULT)
  private double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      defaultValue = "1",
      description = "Make tokens seen before less probable; 1 for no penalty." + DEFAULT)
  private double repetitionPenalty;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the draws." + DEFAULT)
  private long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End when the new text holds this. May be repeated.")
  private List<String> stops = new ArrayList<>();

  @Option(
      names = "--no-cache",
      description = "Run the whole text for each token instead of keeping keys and values.")
  private boolean noCache;

  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    ModelDirectory directory = ModelDirectory.open(from);
    if (directory.model() instanceof Bert) {
      throw new UsageException(
          from
              + " holds an encoder (bert), which does not generate text; use gpt, llama or seq2seq");
    }
    try (Tokenizer tokenizer = directory.requireTokenizer();
        Session session =
            engine.engine().open(directory.program(), directory.weights(), engine.session())) {
      common.progress(session.description());
      generate(directory, tokenizer, session);
    }
    return Failures.DONE;
  }

  private void generate(ModelDirectory directory, Tokenizer tokenizer, Session session) {
    long[] ids = tokenizer.encode(prompt);
    boolean translates = !directory.model().tokensInput().equals("input_ids");
    Generator generator = translates ? translator(session, ids) : Generator.decoder(session);
    long[] start = translates ? new long[] {Marks.of(tokenizer).start()} : ids;
    if (start.length == 0) {
      throw new UsageException("the prompt is empty; give at least one token");
    }
    Stream stream = new Stream(tokenizer, translates ? "" : prompt);
    long before = System.nanoTime();
    Generation generation =
        generator.generate(start, options(directory, tokenizer), stream::accept);
    double seconds = (System.nanoTime() - before) / 1e9;
    common.say("");
    double rate = generation.tokens().size() / seconds;
    common.progress(
        String.format(
            Locale.ROOT,
            "%d tokens in %.2f s, %.0f a second; end: %s",
            generation.tokens().size(),
            seconds,
            rate,
            generation.end()));
    ObjectNode json = JsonFile.object();
    json.put("prompt", prompt)
        .put("text", stream.text)
        .put("end", generation.end().name())
        .put("tokens_per_second", rate)
        .put("engine", session.description());
    json.set("tokens", JsonFile.tree(generation.tokens()));
    common.result(json);
  }

  private static Generator translator(Session session, long[] source) {
    long[] mask = new long[source.length];
    Arrays.fill(mask, 1);
    return Generator.translator(
        session,
        Map.of(
            "input_ids", HostTensor.of(source, 1, source.length),
            "attention_mask", HostTensor.of(mask, 1, mask.length)));
  }

  private GenerationOptions options(ModelDirectory directory, Tokenizer tokenizer) {
    Sampling sampling = new Sampling(repetitionPenalty, temperature, topK, topP, minP, seed);
    Set<Long> ends = new HashSet<>();
    tokenizer.special("<eos>").ifPresent(ends::add);
    GenerationOptions options =
        GenerationOptions.of(tokens, directory.model().context(), sampling)
            .stoppingAt(ends)
            .sliding();
    return noCache ? options.withoutCache() : options;
  }

  /** Prints text as it grows; a character whose bytes are not all there yet waits. */
  private final class Stream {
    private final Tokenizer tokenizer;
    private final List<Long> ids = new ArrayList<>();
    private String text = "";

    Stream(Tokenizer tokenizer, String beginning) {
      this.tokenizer = tokenizer;
      common.stream(beginning);
    }

    boolean accept(long token) {
      ids.add(token);
      String all = tokenizer.decode(ids.stream().mapToLong(id -> id).toArray());
      if (!all.endsWith("\uFFFD")) {
        common.stream(all.startsWith(text) ? all.substring(text.length()) : "");
        text = all;
      }
      return stops.stream().noneMatch(text::contains);
    }
  }
}
