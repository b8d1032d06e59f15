package org.attention4j.models.huggingface;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Trainee;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.nn.AdaptedModel;
import org.attention4j.nn.Model;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.ParameterGroup;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint that is trained further, as a whole or by a low-rank adapter; what is saved is again
 * a directory of Hugging Face's, or an adapter of PEFT's.
 */
public final class FineTuning implements Trainee {
  /** Where the adapter goes below the directory of a merged model. */
  public static final String ADAPTER = "adapter";

  private final Checkpoint start;
  private final List<String> inputs;
  private final @Nullable Adapter adapter;
  private final boolean merged;
  private final Model model;

  private FineTuning(
      Checkpoint start,
      Model loss,
      Collection<String> inputs,
      @Nullable Adapter adapter,
      boolean merged) {
    this.start = start;
    this.inputs = List.copyOf(inputs);
    this.adapter = adapter;
    this.merged = merged;
    this.model =
        adapter == null ? loss : new AdaptedModel(loss, adapter.config().adapter(start.model()));
  }

  /**
   * All weights learn.
   *
   * @param inputs names that the batches have, {@code labels} included
   */
  public static FineTuning full(Checkpoint start, Collection<String> inputs) {
    return new FineTuning(start, start.model().withLoss(), inputs, null, false);
  }

  /**
   * An adapter learns; the weights of the checkpoint are frozen.
   *
   * @param adapter where it starts; without weights it starts afresh
   * @param merged whether the model with the adapter merged is saved, too
   */
  public static FineTuning lowRank(
      Checkpoint start, Collection<String> inputs, Adapter adapter, boolean merged) {
    if (!adapter.trainable(start.model())) {
      throw new UsageException(
          "only an adapter of linear layers with one rank and one alpha can be trained further,"
              + " without magnitudes, and biases only of modules that are saved as a whole");
    }
    return new FineTuning(start, start.model().withLoss(), inputs, adapter, merged);
  }

  /**
   * The same by another loss.
   *
   * @param loss the checkpoint's model with an output {@code loss}
   */
  public FineTuning by(Model loss) {
    return new FineTuning(start, loss, inputs, adapter, merged);
  }

  /** The parameter groups of an optimizer: those of the adapter, if there is one, alone learn. */
  public List<ParameterGroup> groups(List<ParameterGroup> usual) {
    if (adapter == null) {
      return usual;
    }
    List<ParameterGroup> groups = new ArrayList<>();
    groups.add(ParameterGroup.frozen("(?!(?:" + adapter.config().trained() + ")$).*"));
    groups.addAll(usual);
    return groups;
  }

  @Override
  public Program program() {
    Map<String, TensorType> types = new LinkedHashMap<>(start.model().allInputs());
    types.putAll(model.inputs());
    for (String name : inputs) {
      if (!types.containsKey(name)) {
        throw new UsageException(
            start.model().family() + " takes no input '" + name + "' in training");
      }
    }
    types.keySet().retainAll(inputs);
    return new Program(model, types);
  }

  @Override
  public Weights initial(long seed) {
    Map<String, HostTensor> weights = new LinkedHashMap<>(start.weights().tensors());
    if (adapter != null) {
      weights.putAll(adapter.weights().tensors());
    }
    return Parameters.complete(program(), Weights.of(weights), seed);
  }

  /** Parameters that learn, in numbers. */
  public long trainedCount(Weights weights) {
    return adapter == null
        ? weights.parameterCount()
        : Adapter.of(adapter.config(), weights).weights().parameterCount();
  }

  /** Where the adapter is written; null without one. */
  public @Nullable Path adapterIn(Path directory) {
    return adapter == null ? null : merged ? directory.resolve(ADAPTER) : directory;
  }

  @Override
  public void begin(Path directory) {
    if (adapter == null || merged) {
      PretrainedWriter.begin(start, directory);
    } else {
      PretrainedWriter.copyBeside(start.path(), directory);
    }
  }

  @Override
  public void save(Path directory, Weights weights) {
    if (adapter == null) {
      PretrainedWriter.save(start, weights, directory);
      return;
    }
    Adapter trained = Adapter.of(adapter.config(), weights);
    Path target = merged ? directory.resolve(ADAPTER) : directory;
    ModelFiles.create(target);
    trained.save(target, start.model());
    if (merged) {
      Weights all = trained.mergedInto(start.model(), start.weights());
      PretrainedWriter.save(start, all, directory);
    }
  }
}
