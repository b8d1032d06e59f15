package org.attention4j.models.cli;

import java.nio.file.Path;
import org.attention4j.error.UsageException;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.grammar.Grammar;
import org.attention4j.models.schema.JsonSchema;
import org.attention4j.models.text.TextGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the new text must be. */
final class GrammarFlags {
  @Option(
      names = "--json-schema",
      paramLabel = "FILE",
      description = "Write JSON of this schema and nothing else.")
  private @Nullable Path schema;

  @Option(
      names = "--regex",
      paramLabel = "PATTERN",
      description = "Write what this regular expression matches as a whole.")
  private @Nullable String pattern;

  /** The options with the grammar, if one is given. */
  GenerationOptions within(GenerationOptions options, TextGenerator generator) {
    if (schema != null && pattern != null) {
      throw new UsageException("give --json-schema or --regex, not both");
    }
    if (schema == null && pattern == null) {
      return options;
    }
    Grammar grammar =
        schema != null ? JsonSchema.read(schema) : Grammar.matching(pattern == null ? "" : pattern);
    return options.constrained(options.constraints().within(generator.language(grammar)));
  }
}
