package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.Reranker;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "rerank",
    sortOptions = false,
    description = {
      "Order documents, one on each line, by how well they answer a query, with a cross-encoder.",
      "Each line of the output is a score, the document's line counted from 0, and the document,"
          + " with tabs between."
    })
final class RerankCommand implements Callable<Integer> {
  @Mixin private SourceOption from = new SourceOption();

  @Option(
      names = "--query",
      paramLabel = "TEXT",
      required = true,
      description = "What the documents should answer.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private String query;

  @Mixin private TextInput input = new TextInput();

  @Option(names = "--top", paramLabel = "K", description = "Only the best K. Default: all.")
  private @Nullable Integer top;

  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (query.isBlank()) {
      throw new UsageException("--query is empty");
    }
    if (top != null && top < 1) {
      throw new UsageException("--top is 1 or more, not " + top);
    }
    input.check();
    try (Reranker reranker = Reranker.open(from.path(), engine.engine(), engine.session())) {
      common.progress(reranker.description());
      List<Reranker.Ranked> ranked = reranker.rank(query, input.lines(), input.batch());
      List<Reranker.Ranked> best =
          ranked.subList(0, top == null ? ranked.size() : Math.min(top, ranked.size()));
      if (reranker.truncated() > 0) {
        common.progress(TextInput.cut(reranker.truncated(), ""));
      }
      best.forEach(
          r ->
              common.say(
                  String.format(Locale.ROOT, "%.6f\t%d\t%s", r.score(), r.index(), r.document())));
      ObjectNode json = JsonFile.object();
      json.put("query", query);
      ArrayNode documents = json.putArray("documents");
      best.forEach(
          r ->
              documents
                  .addObject()
                  .put("index", r.index())
                  .put("score", r.score())
                  .put("text", r.document()));
      json.put("truncated", reranker.truncated()).put("engine", reranker.description());
      common.result(json);
    }
    return Failures.DONE;
  }
}
