package org.attention4j.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.attention4j.op.Attention;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.reference.ReferenceExecutor;
import org.attention4j.spi.Availability;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.spi.Engine;
import org.attention4j.spi.GraphSession;
import org.attention4j.spi.GraphTrainer;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Support;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** The reference engine with one fault. */
final class BrokenEngine implements Engine {

  /** The classic ways to be wrong. */
  enum Fault {
    NONE,
    /** Causal masks are aligned at the last key, wherever the queries begin. */
    CAUSAL_CORNER,
    SOFTCAP_DROPPED,
    /** A row with nothing to attend to is NaN. */
    NAN_ROW,
    /** Every result stays reachable. */
    LEAK,
    WRONG_DTYPE,
    /** A step uses the gradients of the steps before, too. */
    GRADIENTS_ACCUMULATE
  }

  private final ReferenceEngine inner = new ReferenceEngine();
  private final Fault fault;

  BrokenEngine(Fault fault) {
    this.fault = fault;
  }

  @Override
  public String name() {
    return "broken";
  }

  @Override
  public String version() {
    return fault.toString();
  }

  @Override
  public Availability availability() {
    return inner.availability();
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    return new Faulty(DType.F32).claims(op, operands) ? Support.yes() : Support.no("not touched");
  }

  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    Faulty executor = new Faulty(options.precision());
    Session session = new GraphSession(program, weights, options, executor, "broken");
    return fault == Fault.WRONG_DTYPE ? new DoubleSession(session) : session;
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    Faulty executor = new Faulty(options.precision());
    Trainer trainer = new GraphTrainer(program, weights, options, executor, "broken");
    return fault == Fault.GRADIENTS_ACCUMULATE ? new Accumulating(trainer) : trainer;
  }

  /** Runs primitives rightly, and attention with the fault. */
  private final class Faulty implements EagerExecutor {
    private final ReferenceExecutor right;
    private final List<Object> kept = new ArrayList<>();

    Faulty(DType precision) {
      right = new ReferenceExecutor(precision);
    }

    @Override
    public boolean claims(Composite op, List<TensorType> operands) {
      return op instanceof Attention
          && (fault == Fault.CAUSAL_CORNER
              || fault == Fault.SOFTCAP_DROPPED
              || fault == Fault.NAN_ROW);
    }

    @Override
    public List<Object> execute(
        Op op, List<TensorType> in, List<TensorType> out, List<Object> operands) {
      List<Object> results =
          op instanceof Attention attention
              ? attention(attention, in, operands)
              : right.execute(op, in, out, operands);
      if (fault == Fault.LEAK) {
        kept.addAll(results);
      }
      return results;
    }

    private List<Object> attention(Attention op, List<TensorType> in, List<Object> operands) {
      List<Tensor> tensors = new ArrayList<>();
      for (int i = 0; i < in.size(); i++) {
        tensors.add(new Tensor(in.get(i), right, operands.get(i)));
      }
      UnaryOperator<Tensor> after =
          fault == Fault.NAN_ROW
              ? y -> y.abs().sum(-1).eq(0).where(y.scalar(Double.NaN), y)
              : y -> y;
      return Tensor.run(right, changed(op, in), tensors).stream()
          .map(y -> y.rank() == 4 ? after.apply(y).handle() : y.handle())
          .toList();
    }

    private Attention changed(Attention op, List<TensorType> in) {
      Dim corner = in.get(1).dim(2).minus(in.get(0).dim(2));
      return new Attention(
          op.mask(),
          op.scale(),
          fault == Fault.SOFTCAP_DROPPED ? 0 : op.softcap(),
          fault == Fault.CAUSAL_CORNER && op.start() != null ? corner : op.start(),
          op.alibiSlopes(),
          op.dropout(),
          op.dropoutSite(),
          op.extras(),
          op.logSumExp());
    }

    @Override
    public Object upload(HostTensor tensor, TensorType type) {
      return right.upload(tensor, type);
    }

    @Override
    public HostTensor download(Object handle, TensorType type) {
      return right.download(handle, type);
    }

    @Override
    public void close() {
      right.close();
    }
  }

  private record DoubleSession(Session inner) implements Session {
    @Override
    public Set<String> inputs() {
      return inner.inputs();
    }

    @Override
    public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
      Map<String, HostTensor> results = new LinkedHashMap<>();
      inner.run(inputs).forEach((name, value) -> results.put(name, value.cast(DType.F64)));
      return results;
    }

    @Override
    public Decoding decode() {
      return inner.decode();
    }

    @Override
    public String description() {
      return inner.description();
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  private static final class Accumulating implements Trainer {
    private final Trainer inner;
    private final List<Map<String, HostTensor>> all = new ArrayList<>();

    Accumulating(Trainer inner) {
      this.inner = inner;
    }

    @Override
    public StepResult step(List<Map<String, HostTensor>> microBatches) {
      all.addAll(microBatches);
      return inner.step(all);
    }

    @Override
    public Map<String, HostTensor> evaluate(Map<String, HostTensor> batch) {
      return inner.evaluate(batch);
    }

    @Override
    public Map<String, HostTensor> gradients(Map<String, HostTensor> batch) {
      return inner.gradients(batch);
    }

    @Override
    public Weights weights() {
      return inner.weights();
    }

    @Override
    public TrainerState state() {
      return inner.state();
    }

    @Override
    public void restore(TrainerState state) {
      inner.restore(state);
    }

    @Override
    public String description() {
      return inner.description();
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
