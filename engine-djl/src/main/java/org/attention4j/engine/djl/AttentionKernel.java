package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.attention4j.error.EngineException;
import org.attention4j.op.Activation;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.op.Backward;
import org.attention4j.op.Dropout;
import org.attention4j.spi.KernelOperators;
import org.attention4j.spi.KernelProvider;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Support;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * {@link Attention} and its gradient as operators that a {@link KernelProvider} registered with
 * PyTorch. They read and write PyTorch's tensors in place, with any strides.
 */
final class AttentionKernel {
  /** The operators exist for up to so many operands of attention. */
  private static final int MAX_OPERANDS = 8;

  private final KernelProvider provider;
  private final KernelOperators operators;
  private final boolean strict;

  /**
   * Takes a provider's operators.
   *
   * @param strict whether attention that the kernel declines is an error, because the kernel was
   *     asked for by name
   */
  AttentionKernel(KernelProvider provider, KernelOperators operators, boolean strict) {
    this.provider = provider;
    this.operators = operators;
    this.strict = strict;
  }

  String name() {
    return provider.name();
  }

  /** Name, version and instruction set. */
  String details() {
    return String.join(", ", operators.details());
  }

  /**
   * Whether it runs an attention op, or the {@link Backward} of one.
   *
   * @throws EngineException if it does not, but was asked for by name
   */
  boolean claims(Composite op, List<TensorType> operands) {
    Support support = provider.supports(op, operands, Mode.TRAINING);
    List<String> reasons = new ArrayList<>(support.reasons());
    int count = op instanceof Backward backward ? backward.operands() : operands.size();
    if (count >= MAX_OPERANDS) { // a start may come on top
      reasons.add("attention has " + count + " operands");
    }
    if (!reasons.isEmpty() && strict) {
      throw EngineException.unavailable(
          "attention", name(), reasons, List.of(AttentionChoice.PYTORCH, AttentionChoice.AUTO));
    }
    return reasons.isEmpty();
  }

  /** Whether it has an operator for {@link Dropout}, too, which takes f32. */
  boolean claims(Dropout op, TensorType x) {
    return operators.names().containsKey(op.name()) && x.dtype() == DType.F32;
  }

  /**
   * Dropout as one pass over x.
   *
   * @param added name of a tensor of x's type that the result is added to; null for none
   */
  String dropout(Dropout op, ScriptCall call, @Nullable String added) {
    long bits = Double.doubleToRawLongBits(op.probability());
    TensorType type = TensorType.of(DType.I64, 2);
    Term code = call.writer().constant(new Primitive.Constant(type, List.of(bits, op.site())));
    return "ops."
        + operators.namespace()
        + "."
        + operators.operatorOf(op)
        + (added == null ? "_2(" : "_3(")
        + "torch.contiguous("
        + call.tensor(0)
        + "), "
        + call.tensor(1)
        + (added == null ? "" : ", torch.contiguous(" + added + ")")
        + ", "
        + code.text()
        + ")";
  }

  /** Whether it has an operator for {@link Activation}, too, which takes f32. */
  boolean claims(Activation op, TensorType x) {
    return operators.names().containsKey(op.name())
        && x.dtype() == DType.F32
        && activationCode(op.kind()) >= 0;
  }

  /** An activation; its slope is saved, by which backward multiplies. */
  Written activation(Activation op, ScriptCall call) {
    TensorType type = TensorType.of(DType.I64, 1);
    Term code =
        call.writer().constant(new Primitive.Constant(type, List.of(activationCode(op.kind()))));
    List<String> names =
        call.writer()
            .names(
                "a",
                2,
                "ops."
                    + operators.namespace()
                    + "."
                    + operators.operatorOf(op)
                    + "_1(torch.contiguous("
                    + call.tensor(0)
                    + "), "
                    + code.text()
                    + ")");
    return new Written(List.of(Term.tensor(names.get(0))), List.of(names.get(1)));
  }

  /** The number that {@link KernelOperators#LIBTORCH} gives a function; -1 for none. */
  private static long activationCode(Activation.Kind kind) {
    return switch (kind) {
      case GELU -> 0;
      case GELU_TANH -> 1;
      case SILU -> 2;
      default -> -1;
    };
  }

  /**
   * The output, the log-sum-exp if it is a result; what backward needs is saved. Where operands
   * have 16 bits, that is an output of 32, which is also what other ops want in mixed precision.
   *
   * @param gradients whether there may be a backward pass
   */
  Written forward(Attention op, ScriptCall call, boolean gradients) {
    List<TensorType> types = call.types();
    List<String> tensors = operands(op, types, call);
    DType stored = call.writer().precision().stored(call.type(0).dtype());
    boolean halves = stored == DType.BF16 || stored == DType.F16;
    boolean wide = (halves && gradients) || call.castsFactor(0);
    long flags = wide ? AttentionCode.F32_OUTPUT : 0;
    List<String> names = call(op, "attention_forward", tensors, op, flags, 2, call);
    String output = names.get(0);
    if (wide && halves) {
      int code = ScriptWriter.scalarType(stored);
      output = call.writer().name("o", "torch.to(" + output + ", " + code + ")");
    }
    List<Term> results = new ArrayList<>();
    results.add(Term.tensor(output));
    if (op.logSumExp()) {
      results.add(Term.tensor(names.get(1)));
    }
    return new Written(results, names);
  }

  /** The gradients of query, key, value and the bias. */
  Written backward(Backward op, ScriptCall call) {
    Attention of = (Attention) op.of();
    List<TensorType> types = call.types().subList(0, op.operands());
    List<String> tensors = operands(of, types, call);
    List<String> saved = call.saved(op.operands());
    if (saved.size() != 2) {
      throw new IllegalStateException("the forward pass of " + op + " is not in this graph");
    }
    tensors.addAll(saved);
    int cotangents = op.operands() + (of.logSumExp() ? 2 : 1);
    tensors.add(call.factor(cotangents));
    if (of.logSumExp()) {
      tensors.add(call.tensor(cotangents + 1));
    }
    List<String> names = call(op, "attention_backward", tensors, of, 0, 4, call);
    List<Term> results = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      results.add(Term.tensor(call.product(names.get(i))));
    }
    if (of.extras().bias() >= 0) {
      results.add(Term.tensor(names.get(3)));
    }
    return new Written(results, List.of());
  }

  private List<String> call(
      Composite op,
      String prefix,
      List<String> tensors,
      Attention of,
      long flags,
      int results,
      ScriptCall call) {
    int operands = op instanceof Backward backward ? backward.operands() : call.count();
    List<TensorType> types = call.types().subList(0, operands);
    String operator =
        "ops." + operators.namespace() + "." + operators.operatorOf(op) + "_" + tensors.size();
    String arguments = tensors.stream().collect(Collectors.joining(", "));
    return call.writer()
        .names(
            prefix.substring(0, 1),
            results,
            operator + "(" + arguments + ", " + code(of, types, flags, call) + ")");
  }

  /** The op's operands, and the first query's slot where nothing else tells it. */
  private static List<String> operands(Attention op, List<TensorType> types, ScriptCall call) {
    List<String> tensors = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      tensors.add(i < Attention.FIXED_OPERANDS ? call.factor(i) : call.tensor(i));
    }
    Dim start = op.start();
    if (start != null && AttentionCode.wantsStart(op, types)) {
      ScriptWriter writer = call.writer();
      tensors.add("torch.tensor(" + writer.size(start) + ", " + writer.created(DType.I64) + ")");
    }
    return tensors;
  }

  private static String code(Attention op, List<TensorType> types, long flags, ScriptCall call) {
    List<Long> code = AttentionCode.encode(op, types, flags);
    TensorType type = TensorType.of(DType.I64, code.size());
    return call.writer().constant(new Primitive.Constant(type, List.copyOf(code))).text();
  }
}
