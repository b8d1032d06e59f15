package org.attention4j.models.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.attention4j.error.Count;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Drafts;
import org.attention4j.generate.Generation;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Language;
import org.attention4j.generate.Sampling;
import org.attention4j.generate.TokenListener;
import org.attention4j.generate.grammar.Grammar;
import org.attention4j.generate.grammar.TokenLanguage;
import org.attention4j.generate.grammar.TokenTexts;
import org.attention4j.models.data.PairBatches.Marks;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.jinja.Special;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.models.token.StreamingDecoder;
import org.attention4j.models.token.TokenBytes;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * Continues texts, translates them, or answers in a conversation, with the model of a directory.
 * Owns a session; as thread-safe as that.
 */
public final class TextGenerator implements AutoCloseable {
  private static final double BOLDNESS = 0.8; // of models that say nothing about drawing
  private static final int SHOWN = 40; // characters of a text in a message

  private final ModelDirectory directory;
  private final GenerationConfig config;
  private final Tokenizer tokenizer;
  private final Tokenizer written; // another one where each side has a vocabulary
  private final Session session;
  private final @Nullable Session draftSession;
  private final @Nullable Drafts drafts;
  private final boolean translates;

  private TextGenerator(
      ModelDirectory directory,
      GenerationConfig config,
      Tokenizer tokenizer,
      Tokenizer written,
      Session session,
      @Nullable Session draftSession,
      @Nullable TextDraft draft) {
    this.directory = directory;
    this.config = config;
    this.tokenizer = tokenizer;
    this.written = written;
    this.session = session;
    this.draftSession = draftSession;
    this.drafts =
        draft == null
            ? null
            : draftSession == null
                ? Drafts.lookup(draft.compared(), draft.tokens())
                : Drafts.model(
                    draftSession,
                    TextPrograms.context(draft.model().orElseThrow()),
                    draft.tokens());
    this.translates = !directory.model().tokensInput().equals("input_ids");
  }

  /**
   * Opens a directory for prompts one at a time, or several of one length in tokens.
   *
   * @throws UsageException if the model does not generate text
   */
  public static TextGenerator open(Path path, Engine engine, SessionOptions options) {
    return open(path, engine, options, false);
  }

  /** Opens a directory for several prompts at a time, of any lengths: with masks for padding. */
  public static TextGenerator openForBatches(Path path, Engine engine, SessionOptions options) {
    return open(path, engine, options, true);
  }

  private static TextGenerator open(
      Path path, Engine engine, SessionOptions options, boolean batches) {
    return open(ModelDirectory.open(path), engine, options, batches);
  }

  /**
   * Opens a model that was read already, such as one with an adapter.
   *
   * @param batches whether several prompts of any lengths are given at a time
   * @throws UsageException if the model does not generate text
   */
  public static TextGenerator open(
      ModelDirectory directory, Engine engine, SessionOptions options, boolean batches) {
    Program program = Generator.lastLogits(TextPrograms.program(directory));
    boolean decoder = directory.model().tokensInput().equals("input_ids");
    return open(
        directory,
        engine,
        options,
        decoder && batches ? Generator.batched(program) : program,
        null);
  }

  /**
   * Opens a model with a draft, for prompts one at a time or one after the other. {@link
   * GeneratedText#generation} tells how many of the guesses were taken.
   *
   * @throws UsageException if the model does not generate text, or the draft's vocabulary is not
   *     the model's
   */
  public static TextGenerator open(
      ModelDirectory directory, Engine engine, SessionOptions options, TextDraft draft) {
    return open(directory, engine, options, TextPrograms.program(directory), draft);
  }

  private static TextGenerator open(
      ModelDirectory directory,
      Engine engine,
      SessionOptions options,
      Program program,
      @Nullable TextDraft draft) {
    Tokenizer tokenizer = directory.requireTokenizer();
    List<AutoCloseable> opened = new ArrayList<>(List.of(tokenizer));
    try {
      Tokenizer written = written(directory.path(), tokenizer);
      if (written != tokenizer) {
        opened.add(written);
      }
      Session guesses = null;
      if (draft != null) {
        draft.check(directory, tokenizer);
        ModelDirectory smaller = draft.model().orElse(null);
        if (smaller != null) {
          guesses =
              engine.open(
                  Generator.lastLogits(TextPrograms.program(smaller)), smaller.weights(), options);
          opened.add(guesses);
        }
      }
      Session session = engine.open(program, directory.weights(), options);
      opened.add(session);
      GenerationConfig config = GenerationConfig.read(directory.path());
      return new TextGenerator(directory, config, tokenizer, written, session, guesses, draft);
    } catch (RuntimeException e) {
      opened.forEach(part -> close(part, e));
      throw e;
    }
  }

  private static Tokenizer written(Path path, Tokenizer tokenizer) {
    return Tokenizers.separatesTargets(path)
        ? Tokenizers.targets(path).map(Tokenizer.class::cast).orElse(tokenizer)
        : tokenizer;
  }

  private static void close(AutoCloseable part, RuntimeException reason) {
    try {
      part.close();
    } catch (Exception e) {
      reason.addSuppressed(e);
    }
  }

  /** Longest sequence that can be read. */
  private int context() {
    return TextPrograms.context(directory);
  }

  /**
   * How the directory wants its texts generated; the context slides, but for translations. A
   * directory that says nothing draws at temperature 0.8; translators of Hugging Face's take the
   * most probable token.
   *
   * @param newTokens at most, if the directory does not say
   * @param prompts that limits on the whole length count in
   */
  public GenerationOptions defaults(int newTokens, List<String> prompts) {
    return defaults(config, newTokens, prompts);
  }

  /** The same with other entries than those of the directory. */
  GenerationOptions defaults(ObjectNode entries, int newTokens) {
    return defaults(config.with(entries), newTokens, List.of());
  }

  /** The configuration of the model. */
  ObjectNode modelConfig() {
    return directory.model().config().json();
  }

  private GenerationOptions defaults(GenerationConfig config, int newTokens, List<String> prompts) {
    int longest = translates ? 1 : prompts.stream().mapToInt(p -> encode(p).length).max().orElse(0);
    GenerationOptions options = config.options(context(), longest, newTokens);
    if (!translates) {
      options = options.sliding();
    }
    if (!config.stopStrings().isEmpty()) {
      options = options.stoppingWhen(new StopStrings(written, config.stopStrings()));
    }
    Set<Long> stops = new HashSet<>(config.stopTokens());
    if (stops.isEmpty()) {
      written.special("<eos>").ifPresent(stops::add);
    }
    boolean told = config.isGiven() || (translates && directory.model() instanceof Pretrained);
    Sampling sampling = told ? config.sampling() : Sampling.at(BOLDNESS, 0);
    return options.stoppingAt(stops).drawing(sampling);
  }

  /** A rule that ends texts at strings. */
  public StopStrings stopAt(List<String> strings) {
    return new StopStrings(written, strings);
  }

  /**
   * The texts of a grammar in this model's tokens, for {@link
   * org.attention4j.generate.Constraints#within}. Worth keeping: it learns which tokens may come
   * where. Thread-safe.
   *
   * @throws UsageException if the text of the vocabulary's tokens depends on their neighbours
   */
  public Language language(Grammar grammar) {
    return TokenLanguage.of(grammar, TokenTexts.of(TokenBytes.of(written)));
  }

  /**
   * The texts after prompts, or their translations: those of the first prompt come first.
   *
   * @throws UsageException if a prompt has no token, or prompts differ in length and the generator
   *     was not opened for batches
   */
  public List<GeneratedText> generate(List<String> prompts, GenerationOptions options) {
    List<long[]> ids = prompts.stream().map(this::encode).toList();
    List<Generation> generations = generator(ids).generateAll(starts(ids), options);
    List<GeneratedText> texts = new ArrayList<>();
    for (int i = 0; i < generations.size(); i++) {
      int prompt = i / options.sequences();
      Generation generation = generations.get(i);
      StreamingDecoder decoder = decoder(ids.get(prompt));
      StringBuilder text = new StringBuilder();
      generation.tokens().forEach(token -> text.append(decoder.add(token)));
      text.append(decoder.rest());
      texts.add(new GeneratedText(prompts.get(prompt), text.toString(), generation));
    }
    return texts;
  }

  /**
   * The text after one prompt, told as it grows.
   *
   * @param listener hears of new text; no character comes in parts
   */
  public GeneratedText generate(
      String prompt, GenerationOptions options, Consumer<String> listener) {
    long[] ids = encode(prompt);
    return stream(prompt, ids, decoder(ids), options, listener);
  }

  /** The answer in a conversation, told as it grows. */
  public GeneratedText chat(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> listener) {
    return chat(messages, Map.of(), options, listener);
  }

  /**
   * The same with values for other names that the model's template knows, such as {@code tools} and
   * {@code documents}.
   *
   * @param more see {@link ChatTemplate#render}
   * @throws UsageException if the directory has no template, or that refuses the conversation
   */
  public GeneratedText chat(
      List<ChatMessage> messages,
      Map<String, Object> more,
      GenerationOptions options,
      Consumer<String> listener) {
    Path path = directory.path();
    boolean tools = TemplateValues.value(more.get("tools")) != Special.NONE;
    ChatTemplate template = tools ? ChatTemplate.readForTools(path) : ChatTemplate.read(path);
    String prompt = template.render(messages, true, more);
    StreamingDecoder answer = new StreamingDecoder(tokenizer);
    return stream(prompt, tokenizer.encode(prompt), answer, options, listener);
  }

  /** A continuation goes on after the prompt; a translation begins. */
  private StreamingDecoder decoder(long[] prompt) {
    return translates ? new StreamingDecoder(written) : new StreamingDecoder(tokenizer, prompt);
  }

  private GeneratedText stream(
      String prompt,
      long[] ids,
      StreamingDecoder decoder,
      GenerationOptions options,
      Consumer<String> listener) {
    StringBuilder text = new StringBuilder();
    Consumer<String> both =
        piece -> {
          text.append(piece);
          listener.accept(piece);
        };
    List<long[]> batch = List.of(ids);
    Generation generation;
    if (options.beams().count() > 1) { // the best is known at the end
      generation = generator(batch).generateAll(starts(batch), options).get(0);
      generation.tokens().forEach(token -> both.accept(decoder.add(token)));
    } else {
      TokenListener pieces =
          (sequence, token) -> {
            both.accept(decoder.add(token));
            return true;
          };
      generation = generator(batch).generateAll(starts(batch), options, pieces).get(0);
    }
    both.accept(decoder.rest());
    return new GeneratedText(prompt, text.toString(), generation);
  }

  private long[] encode(String prompt) {
    long[] ids = tokenizer.encodeForModel(prompt);
    if (ids.length == 0) {
      throw new UsageException("the prompt is empty; give at least one token");
    }
    if (translates && ids.length > context()) {
      throw new UsageException(
          "a text has "
              + Count.of(ids.length, "token")
              + "; the model reads at most "
              + context()
              + ": '"
              + prompt.substring(0, Math.min(SHOWN, prompt.length()))
              + "...'");
    }
    return ids;
  }

  /** What the texts begin with: the prompts, or the mark of a translation's beginning. */
  private List<long[]> starts(List<long[]> prompts) {
    if (!translates) {
      return prompts;
    }
    long start = config.decoderStart().orElseGet(() -> Marks.of(written).start());
    return prompts.stream().map(p -> new long[] {start}).toList();
  }

  private Generator generator(List<long[]> prompts) {
    Generator generator =
        translates ? Generator.translator(session, source(prompts)) : Generator.decoder(session);
    return drafts == null ? generator : generator.drafting(drafts);
  }

  /** Sources, padded on the right: [batch, source_time]. */
  private Map<String, HostTensor> source(List<long[]> sources) {
    int width = sources.stream().mapToInt(s -> s.length).max().orElse(0);
    HostTensor ids = HostTensor.zeros(DType.I64, sources.size(), width);
    HostTensor mask = HostTensor.zeros(DType.I64, sources.size(), width);
    long padding = config.padToken().orElse(tokenizer.special("<pad>").orElse(0));
    for (int row = 0; row < sources.size(); row++) {
      for (int i = 0; i < width; i++) {
        boolean real = i < sources.get(row).length;
        ids.set((long) row * width + i, real ? sources.get(row)[i] : padding);
        mask.set((long) row * width + i, real ? 1L : 0L);
      }
    }
    return Map.of("input_ids", ids, "attention_mask", mask);
  }

  /**
   * A text with its special tokens, which {@link GeneratedText#text} leaves out: some models mark
   * with them that they want a tool called.
   */
  public String withSpecialTokens(GeneratedText text) {
    long[] ids = text.generation().tokens().stream().mapToLong(id -> id).toArray();
    return written instanceof JsonTokenizer json
        ? json.decodeWithSpecials(ids)
        : written.decode(ids);
  }

  /** Whether texts go on after their prompts, rather than translate them. */
  public boolean continues() {
    return !translates;
  }

  /** What computes. */
  public String description() {
    return session.description();
  }

  @Override
  public void close() {
    session.close();
    if (draftSession != null) {
      draftSession.close();
    }
    tokenizer.close();
    if (written != tokenizer) {
      written.close();
    }
  }
}
