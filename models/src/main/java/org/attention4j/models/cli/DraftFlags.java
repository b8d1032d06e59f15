package org.attention4j.models.cli;

import java.nio.file.Path;
import org.attention4j.error.UsageException;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.text.TextDraft;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What guesses the next tokens, which the model then checks several at a time. */
final class DraftFlags {
  private static final int TOKENS = 5;

  @Option(
      names = "--draft",
      paramLabel = "DIR",
      description =
          "A smaller model of the same vocabulary that guesses the next tokens; the model checks"
              + " several of them at a time. The text is as without it, only sooner.")
  private @Nullable Path draft;

  @Option(
      names = "--draft-lookup",
      description =
          "Guess what followed the same tokens earlier in the text, without another model.")
  private boolean lookup;

  @Option(
      names = "--draft-tokens",
      paramLabel = "N",
      description = "Tokens guessed at a time. Default: " + TOKENS + ".")
  private @Nullable Integer tokens;

  /** Null if there is none. */
  @Nullable TextDraft draft() {
    if (draft != null && lookup) {
      throw new UsageException("give --draft or --draft-lookup, not both");
    }
    if (draft == null && !lookup) {
      if (tokens != null) {
        throw new UsageException("--draft-tokens needs --draft DIR or --draft-lookup");
      }
      return null;
    }
    int count = tokens == null ? TOKENS : tokens;
    return draft == null
        ? TextDraft.lookup(count)
        : TextDraft.of(ModelDirectory.open(draft), count);
  }
}
