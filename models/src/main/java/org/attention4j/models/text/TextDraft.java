package org.attention4j.models.text;

import java.util.Optional;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Drafts;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.token.Tokenizer;

/**
 * What guesses the next tokens of a {@link TextGenerator}, which checks several of them at a time:
 * see {@link Drafts}.
 *
 * @param model a smaller model of the same vocabulary; empty to look the guesses up in the text
 * @param compared tokens that a lookup compares at most
 * @param tokens guessed at a time
 */
public record TextDraft(Optional<ModelDirectory> model, int compared, int tokens) {
  private static final int COMPARED = 3;

  public TextDraft {
    if (tokens < 1) {
      throw new UsageException("a draft has at least 1 token, not " + tokens);
    }
    if (compared < 1) {
      throw new UsageException("a lookup compares at least 1 token, not " + compared);
    }
  }

  /** Guesses of a smaller model. */
  public static TextDraft of(ModelDirectory model, int tokens) {
    return new TextDraft(Optional.of(model), COMPARED, tokens);
  }

  /** Guesses from the text itself. */
  public static TextDraft lookup(int tokens) {
    return new TextDraft(Optional.empty(), COMPARED, tokens);
  }

  /**
   * Refuses a model whose tokens are others.
   *
   * @throws UsageException that names the first token that differs
   */
  void check(ModelDirectory directory, Tokenizer tokenizer) {
    if (model.isEmpty()) {
      return;
    }
    ModelDirectory draft = model.get();
    try (Tokenizer other = draft.requireTokenizer()) {
      String what = "the draft's vocabulary (" + draft.path() + ") is not the model's: ";
      if (other.size() != tokenizer.size()) {
        throw new UsageException(
            what + other.size() + " tokens, and " + tokenizer.size() + " of " + directory.path());
      }
      for (long id = 0; id < tokenizer.size(); id++) {
        String own = label(tokenizer, id);
        String drafted = label(other, id);
        if (!own.equals(drafted)) {
          throw new UsageException(
              what + "token " + id + " is '" + drafted + "', in the model '" + own + "'");
        }
      }
    }
    if (!draft.model().tokensInput().equals(directory.model().tokensInput())) {
      throw new UsageException(
          draft.path()
              + " takes its tokens as '"
              + draft.model().tokensInput()
              + "', "
              + directory.path()
              + " as '"
              + directory.model().tokensInput()
              + "': a draft is a model of the same kind");
    }
  }

  /** Ids may have gaps. */
  private static String label(Tokenizer tokenizer, long id) {
    try {
      return tokenizer.label(id);
    } catch (UsageException e) {
      return "";
    }
  }
}
