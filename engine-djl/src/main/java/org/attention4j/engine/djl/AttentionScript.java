package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.attention4j.op.Attention;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * {@link Attention} as {@code torch.scaled_dot_product_attention}.
 *
 * <p>Its {@code is_causal} lets key j serve query i where j is at most i, counted from 0, which is
 * this library's causal mask of a query that starts at slot 0. All other masks become one boolean
 * mask, and with a bias or ALiBi one additive mask, none larger than [batch, heads, queries, keys].
 */
final class AttentionScript {
  private AttentionScript() {}

  /** Why the operator cannot compute it; empty if it can. */
  static List<String> obstacles(Attention op) {
    List<String> reasons = new ArrayList<>();
    if (op.softcap() > 0) {
      reasons.add("PyTorch's attention has no softcap");
    }
    if (op.dropout() > 0) {
      reasons.add("PyTorch's attention draws its dropout from another generator");
    }
    if (op.logSumExp()) {
      reasons.add("PyTorch's attention does not return the log-sum-exp");
    }
    if (op.start() == null) {
      reasons.add("the first slot is a tensor (static cache)");
    }
    return reasons;
  }

  static String emit(Attention op, ScriptCall call) {
    ScriptWriter writer = call.writer();
    Dim start = op.start();
    if (start == null) {
      throw new IllegalStateException("the first slot is a tensor");
    }
    boolean causal = op.mask() instanceof Mask.Causal && start.is(0);
    boolean additive = !op.alibiSlopes().isEmpty() || op.extras().bias() >= 0;
    String mask = "None";
    if (additive || !(causal || op.mask() instanceof Mask.All)) {
      Slots slots = slots(writer, start, call);
      String allowed = allowed(op.mask(), slots, call);
      mask = additive ? scores(op, slots, allowed, call) : allowed == null ? "None" : allowed;
      causal = false;
    }
    return call.product(
        "torch.scaled_dot_product_attention("
            + call.factor(0)
            + ", "
            + shared(1, call)
            + ", "
            + shared(2, call)
            + ", "
            + mask
            + ", 0., "
            + (causal ? "True" : "False")
            + ", scale="
            + op.scale()
            + ")");
  }

  /** Key or value with each head repeated for the query heads that it serves. */
  private static String shared(int index, ScriptCall call) {
    TensorType type = call.type(index);
    int heads = call.type(0).size(1);
    int groups = type.size(1);
    String operand = call.factor(index);
    if (heads == groups) {
      return operand;
    }
    List<Dim> wide = new ArrayList<>(type.dims());
    wide.add(2, Dim.of(heads / groups)); // [batch, kv_heads, group, keys, head_dim]
    return "torch.reshape(torch.expand(torch.unsqueeze("
        + operand
        + ", 2), "
        + call.writer().sizes(wide)
        + "), "
        + call.writer().sizes(type.with(1, heads).dims())
        + ")";
  }

  /** Names of the slots of queries [queries, 1] and keys [keys]. */
  private record Slots(String query, String key) {}

  private static Slots slots(ScriptWriter writer, Dim start, ScriptCall call) {
    Dim queries = call.type(0).dim(2);
    String created = ", " + writer.created(DType.I64) + ")";
    String query =
        "torch.arange(" + writer.size(start) + ", " + writer.size(start.plus(queries)) + created;
    String key = "torch.arange(" + writer.size(call.type(1).dim(2)) + created;
    return new Slots(writer.name("q", "torch.unsqueeze(" + query + ", 1)"), writer.name("k", key));
  }

  /** A boolean mask that broadcasts to [batch, heads, queries, keys]; null where all is allowed. */
  private static @Nullable String allowed(Mask mask, Slots slots, ScriptCall call) {
    if (mask instanceof Mask.Causal) {
      return "torch.le(" + slots.key + ", " + slots.query + ")";
    }
    if (mask instanceof Mask.Window window) {
      String distance =
          call.writer().name("w", "torch.sub(" + slots.query + ", " + slots.key + ")");
      return "torch.logical_and(torch.lt("
          + distance
          + ", "
          + window.left()
          + "), torch.ge("
          + distance
          + ", "
          + -window.right()
          + "))";
    }
    if (mask instanceof Mask.And and) {
      String a = allowed(and.first(), slots, call);
      String b = allowed(and.second(), slots, call);
      return a == null ? b : b == null ? a : "torch.logical_and(" + a + ", " + b + ")";
    }
    if (mask instanceof Mask.Or or) {
      String a = allowed(or.first(), slots, call);
      String b = allowed(or.second(), slots, call);
      return a == null || b == null ? null : "torch.logical_or(" + a + ", " + b + ")";
    }
    if (mask instanceof Mask.Operand operand) {
      int index = Attention.FIXED_OPERANDS + operand.index();
      TensorType type = call.type(index);
      String given = call.tensor(index);
      if (type.dtype() != DType.BOOL) {
        given = "torch.to(" + given + ", " + ScriptWriter.scalarType(DType.BOOL) + ")";
      }
      return type.rank() == 2
          ? "torch.unsqueeze(torch.unsqueeze(" + given + ", 1), 1)" // [batch, 1, 1, keys]
          : given;
    }
    return null;
  }

  /** ALiBi, bias and the mask as one tensor that is added to the scores. */
  private static String scores(
      Attention op, Slots slots, @Nullable String allowed, ScriptCall call) {
    ScriptWriter writer = call.writer();
    int code =
        ScriptWriter.scalarType(
            call.type(0).dtype() == DType.F32
                ? writer.precision().products()
                : call.type(0).dtype());
    List<String> terms = new ArrayList<>();
    if (!op.alibiSlopes().isEmpty()) {
      String slopes =
          op.alibiSlopes().stream()
              .map(slope -> Double.toString(-slope))
              .collect(Collectors.joining(", ", "[", "]"));
      String factors =
          "torch.reshape(torch.tensor("
              + slopes
              + ", "
              + writer.created(DType.F32)
              + "), ["
              + op.alibiSlopes().size()
              + ", 1, 1])";
      terms.add(
          "torch.mul("
              + factors
              + ", torch.abs(torch.sub("
              + slots.query
              + ", "
              + slots.key
              + ")))"); // [heads, queries, keys]
    }
    if (op.extras().bias() >= 0) {
      terms.add(call.tensor(Attention.FIXED_OPERANDS + op.extras().bias()));
    }
    String sum =
        terms.size() == 2 ? "torch.add(" + terms.get(0) + ", " + terms.get(1) + ")" : terms.get(0);
    if (allowed != null) {
      sum = "torch.where(" + allowed + ", " + sum + ", float(\"-inf\"))";
    }
    String name = writer.name("s", "torch.to(" + sum + ", " + code + ")");
    return name;
  }
}
