package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.ElementTypes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;

/**
 * Writes {@link CachedAttention} as ONNX Runtime's GroupQueryAttention. The operator takes lengths,
 * not masks: padding becomes a bias, and rows that are padding themselves become 0. If past and
 * present are one buffer the operator writes the fresh rows only.
 */
final class GroupedQueryLowering {
  private static final String DOMAIN = "com.microsoft";
  private static final String NAME = "GroupQueryAttention";

  private final GraphBuilder graph;
  private final Literals literals;
  private final Sizes sizes;
  private final Reshapes reshapes;
  private final Lowering options;
  private final Map<String, String> shared = new HashMap<>();

  GroupedQueryLowering(
      GraphBuilder graph, Literals literals, Sizes sizes, Reshapes reshapes, Lowering options) {
    this.graph = graph;
    this.literals = literals;
    this.sizes = sizes;
    this.reshapes = reshapes;
    this.options = options;
  }

  /** The names of output, key and value. */
  List<String> lower(CachedAttention op, Operands in) {
    graph.domain(DOMAIN, 1);
    TensorType query = timeFirst(op, in, 0);
    Dim batch = query.dim(0);
    Dim time = query.dim(1);
    GroupedQuery.Parts parts = parts(op.of());
    String mask =
        parts.operand() < 0 ? "" : in.name(CachedAttention.FIXED_OPERANDS + parts.operand());
    String total = total(op, in, mask, time);
    List<String> operands = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      operands.add(flat(op, in, i));
    }
    operands.add(in.name(CachedAttention.PAST_KEY));
    operands.add(in.name(CachedAttention.PAST_VALUE));
    operands.add(lastSlots(total, batch));
    operands.add(int32(total));
    if (!mask.isEmpty()) {
      // no table of cosines, of sines, no positions: what is turned has been turned before
      operands.addAll(List.of("", "", "", bias(mask, total, batch, time)));
    }
    List<AttributeProto> attributes = new ArrayList<>();
    attributes.add(Attributes.integer("num_heads", query.size(2)));
    attributes.add(Attributes.integer("kv_num_heads", timeFirst(op, in, 1).size(2)));
    attributes.add(Attributes.real("scale", op.of().scale()));
    if (op.of().softcap() > 0) {
      attributes.add(Attributes.real("softcap", op.of().softcap()));
    }
    if (parts.window() > 0) {
      attributes.add(Attributes.integer("local_window_size", parts.window()));
    }
    String output = graph.fresh(NAME + "_output");
    List<String> results =
        List.of(output, graph.fresh(NAME + "_key"), graph.fresh(NAME + "_value"));
    graph.node(DOMAIN, NAME, operands, results, attributes.toArray(AttributeProto[]::new));
    if (!mask.isEmpty()) {
      output = graph.node("Mul", List.of(output, filled(mask, total, time)));
    }
    Dim width = Dim.of((long) query.size(2) * query.size(3));
    String split = reshapes.reshape(output, List.of(batch, time, width), query.dims());
    boolean swapped = (op.timeFirst() & AttentionCode.OUTPUT_TIME_FIRST) != 0;
    return List.of(swapped ? split : swap(split), results.get(1), results.get(2));
  }

  private static GroupedQuery.Parts parts(Attention op) {
    GroupedQuery.Parts parts = GroupedQuery.Parts.of(op.mask());
    if (parts == null) {
      throw new IllegalStateException("not expressible: " + op);
    }
    return parts;
  }

  private static boolean isTimeFirst(CachedAttention op, int operand) {
    return (op.timeFirst() & LaidOutAttention.OPERAND_FLAGS.get(operand)) != 0;
  }

  /** The operand's type as [batch, time, heads, head_dim]. */
  private static TensorType timeFirst(CachedAttention op, Operands in, int operand) {
    TensorType type = in.type(operand);
    return isTimeFirst(op, operand)
        ? type
        : type.with(List.of(type.dim(0), type.dim(2), type.dim(1), type.dim(3)));
  }

  private String swap(String value) {
    return graph.node(
        "Transpose", List.of(value), Attributes.integers("perm", List.of(0, 2, 1, 3)));
  }

  /** The operand as [batch, time, heads * head_dim]. */
  private String flat(CachedAttention op, Operands in, int operand) {
    TensorType type = timeFirst(op, in, operand);
    String value = isTimeFirst(op, operand) ? in.name(operand) : swap(in.name(operand));
    Dim width = Dim.of((long) type.size(2) * type.size(3));
    return reshapes.reshape(value, type.dims(), List.of(type.dim(0), type.dim(1), width));
  }

  /**
   * Slots up to the last query's, i64 scalar. Where a mask covers them its length says it, so that
   * the past may be a larger buffer.
   */
  private String total(CachedAttention op, Operands in, String mask, Dim time) {
    if (op.inPlace()) {
      String start = in.name(CachedAttention.FIXED_OPERANDS + op.of().extras().start());
      return once("total", () -> graph.node("Add", List.of(start, sizes.scalar(time))));
    }
    if (mask.isEmpty()) {
      return sizes.scalar(in.type(CachedAttention.PAST_KEY).dim(2).plus(time));
    }
    return once(
        "total " + mask,
        () -> {
          String length =
              graph.node(
                  "Shape",
                  List.of(mask),
                  Attributes.integer("start", 1),
                  Attributes.integer("end", 2));
          return graph.node("Squeeze", List.of(length, literals.vector(0L)));
        });
  }

  private String int32(String value) {
    return once("int32 " + value, () -> cast(value, DType.I32));
  }

  private String cast(String value, DType type) {
    return graph.node("Cast", List.of(value), Attributes.integer("to", ElementTypes.code(type)));
  }

  /** The last slot of each row, i32 [batch]. */
  private String lastSlots(String total, Dim batch) {
    return once(
        "last " + total,
        () -> {
          String last = graph.node("Sub", List.of(total, literals.integer(1)));
          String rows = graph.node("Expand", List.of(last, sizes.vector(batch)));
          return cast(rows, DType.I32);
        });
  }

  /** The mask's columns that count, [batch, total]: a buffer has more. */
  private String columns(String mask, String total) {
    return once(
        "columns " + mask,
        () ->
            graph.node(
                "Slice",
                List.of(
                    mask,
                    literals.vector(0L),
                    graph.node("Unsqueeze", List.of(total, literals.vector(0L))),
                    literals.vector(1L))));
  }

  /** 0 where there is a token, else so low that it does not count: [batch, 1, time, total]. */
  private String bias(String mask, String total, Dim batch, Dim time) {
    return once(
        "bias " + mask,
        () -> {
          DType type = options.precision();
          String token = cast(columns(mask, total), DType.BOOL);
          String low = literals.scalar(type, type == DType.F16 ? -6e4 : -1e30);
          String row = graph.node("Where", List.of(token, literals.scalar(type, 0), low));
          String lifted = graph.node("Unsqueeze", List.of(row, literals.vector(1L, 2L)));
          String end = graph.node("Unsqueeze", List.of(total, literals.vector(0L)));
          String shape =
              graph.node(
                  "Concat",
                  List.of(sizes.vector(batch), literals.vector(1L), sizes.vector(time), end),
                  Attributes.integer("axis", 0));
          return graph.node("Expand", List.of(lifted, shape));
        });
  }

  /** 1 for queries that have a token at or before their slot, else 0: [batch, time, 1]. */
  private String filled(String mask, String total, Dim time) {
    return once(
        "filled " + mask,
        () -> {
          String token = cast(cast(columns(mask, total), DType.BOOL), DType.I64);
          String count = graph.node("CumSum", List.of(token, literals.integer(1)));
          String end = graph.node("Unsqueeze", List.of(total, literals.vector(0L)));
          String start = graph.node("Sub", List.of(end, sizes.vector(time)));
          String own = graph.node("Slice", List.of(count, start, end, literals.vector(1L)));
          String any = graph.node("Greater", List.of(own, literals.integer(0)));
          return graph.node(
              "Unsqueeze", List.of(cast(any, options.precision()), literals.vector(2L)));
        });
  }

  private interface Maker {
    String make();
  }

  /** What all layers share. */
  private String once(String what, Maker maker) {
    String known = shared.get(what);
    if (known == null) {
      known = maker.make();
      shared.put(what, known);
    }
    return known;
  }
}
