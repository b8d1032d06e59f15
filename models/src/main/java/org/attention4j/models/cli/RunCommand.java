package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.huggingface.PretrainedSession.Extra;
import org.attention4j.models.store.JsonFile;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "run",
    sortOptions = false,
    description = {
      "Run a model of Hugging Face's on tensors from a file, and write what comes out to a file.",
      "Names are Hugging Face's: input_ids, attention_mask, ...; logits, last_hidden_state,"
          + " hidden_states.N, attentions.N. Inputs may begin with 'in.'. With labels the loss comes,"
          + " too."
    })
final class RunCommand implements Callable<Integer> {
  private static final String IN = "in.";

  @Mixin private AdaptedSource from = new AdaptedSource();

  @Option(
      names = "--inputs",
      paramLabel = "FILE",
      required = true,
      description = "Inputs, as safetensors.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path inputs;

  @Option(
      names = "--outputs",
      paramLabel = "FILE",
      required = true,
      description = "Where the outputs go, as safetensors.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path outputs;

  @Option(
      names = "--hidden-states",
      description = "Write hidden_states.N, too: the input of each layer, and the last output.")
  private boolean hiddenStates;

  @Option(
      names = "--attentions",
      description = "Write attentions.N, too: probabilities [batch, heads, queries, keys].")
  private boolean attentions;

  @Mixin private EngineOptions engine = new EngineOptions();

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    Writable.file(outputs);
    Weights file = Weights.load(inputs);
    Checkpoint checkpoint = from.checkpoint();
    Map<String, HostTensor> given = given(file, checkpoint);
    Set<Extra> extras = EnumSet.noneOf(Extra.class);
    if (hiddenStates) {
      extras.add(Extra.HIDDEN_STATES);
    }
    if (attentions) {
      extras.add(Extra.ATTENTIONS);
    }
    try (PretrainedSession session =
        checkpoint.session(engine.engine(), engine.session(), given, extras)) {
      common.progress(session.session().description());
      Map<String, HostTensor> results = session.run(given);
      Weights.of(results).save(outputs);
      report(results);
    }
    return Failures.DONE;
  }

  /** With or without a prefix; what belongs to other runs of a recorded case is left alone. */
  private Map<String, HostTensor> given(Weights file, Checkpoint checkpoint) {
    Map<String, HostTensor> given = new LinkedHashMap<>();
    boolean prefixed = file.names().stream().anyMatch(name -> name.startsWith(IN));
    file.tensors()
        .forEach(
            (name, value) -> {
              String plain = prefixed && name.startsWith(IN) ? name.substring(IN.length()) : name;
              if (!prefixed || (name.startsWith(IN) && !plain.contains("."))) {
                given.put(plain, value);
              }
            });
    if (given.isEmpty()) {
      throw new UsageException(
          inputs + " holds no inputs; this model takes " + checkpoint.model().allInputs().keySet());
    }
    return given;
  }

  private void report(Map<String, HostTensor> results) {
    ObjectNode json = JsonFile.object();
    json.put("outputs", outputs.toString());
    ObjectNode shapes = json.putObject("shapes");
    results.forEach(
        (name, value) -> {
          common.say(name + " " + value.dtype().label() + Arrays.toString(value.shape()));
          shapes.set(name, JsonFile.tree(value.shape()));
        });
    common.result(json);
  }
}
