package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.attention4j.models.run.Evaluation;
import org.attention4j.models.run.TrainingRun;
import org.attention4j.models.store.JsonFile;

/** How a training run came out, as every command that trains tells it to machines. */
final class OutcomeJson {
  private OutcomeJson() {}

  static ObjectNode of(Path directory, TrainingRun.Outcome outcome) {
    ObjectNode json = JsonFile.object();
    json.put("directory", directory.toString())
        .put("steps", outcome.step())
        .put("finished", outcome.finished())
        .put("parameters", outcome.weights().parameterCount())
        .put("tokens_per_second", outcome.tokensPerSecond())
        .put("milliseconds_per_step", outcome.millisecondsPerStep());
    if (outcome.finished()) {
      Evaluation last = outcome.curve().get(outcome.curve().size() - 1);
      json.put("training_loss", last.training())
          .put("validation_loss", last.validation())
          .put("whole_validation_loss", outcome.wholeValidation());
    }
    return json;
  }
}
