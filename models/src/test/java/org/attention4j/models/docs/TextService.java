package org.attention4j.models.docs;

// docs:start
import java.nio.file.Path;
import java.util.List;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Sampling;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;

/** Continues text. The engine is a name, such as one from the application's configuration. */
final class TextService implements AutoCloseable {
  private final Tokenizer tokenizer;
  private final Session session;
  private final int context;

  TextService(Path directory, String engine) {
    ModelDirectory model = ModelDirectory.open(directory);
    tokenizer = model.requireTokenizer();
    context = model.model().context();
    session = Engines.get(engine).open(model.program(), model.weights(), SessionOptions.defaults());
  }

  String complete(String prompt, int tokens) {
    GenerationOptions options = GenerationOptions.of(tokens, context, Sampling.greedy()).sliding();
    List<Long> drawn =
        Generator.decoder(session).generate(tokenizer.encode(prompt), options).tokens();
    return prompt + tokenizer.decode(drawn.stream().mapToLong(id -> id).toArray());
  }

  String engine() {
    return session.description();
  }

  @Override
  public void close() {
    session.close();
    tokenizer.close();
  }
}
// docs:end
