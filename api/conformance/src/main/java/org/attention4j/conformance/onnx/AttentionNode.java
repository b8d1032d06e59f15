package org.attention4j.conformance.onnx;

import java.util.List;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * ONNX Attention, opsets 23 to 25: inputs Q, K, V, attn_mask, past_key, past_value,
 * nonpad_kv_seqlen; outputs Y, present_key, present_value, qk_matmul_output.
 */
final class AttentionNode {
  private final Node node;
  private final Tensor query;
  private final Tensor key;
  private final Tensor value;
  private final double scale;
  private final double softcap;
  private final @Nullable Tensor bias;
  private final @Nullable Tensor allowed;

  private AttentionNode(Node n) {
    node = n;
    boolean flat = n.input(0).rank() == 3;
    query = flat ? NodeOps.heads(n.input(0), n.integer("q_num_heads", 1)) : n.input(0);
    key = past(n.find(4), flat ? NodeOps.heads(n.input(1), kvHeads(n)) : n.input(1));
    value = past(n.find(5), flat ? NodeOps.heads(n.input(2), kvHeads(n)) : n.input(2));
    scale = n.real("scale", 1 / Math.sqrt(query.type().size(-1)));
    softcap = n.real("softcap", 0);
    Tensor given = n.find(3);
    Tensor mask = given == null ? null : padded(four(given));
    Tensor shown = null;
    Tensor added = null;
    if (mask != null && mask.dtype() == DType.BOOL) {
      shown = mask;
    } else if (mask != null) {
      shown = mask.scalar(-1e30).lt(mask); // -infinity hides
      added = shown.where(mask, mask.scalar(0));
    }
    bias = added;
    allowed = and(and(shown, structure(n)), filled(n));
  }

  static List<Tensor> results(Node n) {
    return new AttentionNode(n).results();
  }

  private static int kvHeads(Node n) {
    return n.integer("kv_num_heads", 1);
  }

  private static Tensor past(@Nullable Tensor past, Tensor fresh) {
    return past == null ? fresh : past.concat(2, fresh);
  }

  private static @Nullable Tensor and(@Nullable Tensor a, @Nullable Tensor b) {
    return a == null ? b : b == null ? a : a.and(b);
  }

  /** Axes in front, as numpy broadcasts. */
  private static Tensor four(Tensor mask) {
    Tensor result = mask;
    while (result.rank() < 4) {
      result = result.insert(0);
    }
    return result;
  }

  /** A mask may be shorter than the keys; those beyond it are hidden. */
  private Tensor padded(Tensor mask) {
    int missing = key.type().size(2) - mask.type().size(3);
    if (missing <= 0 || mask.type().size(3) == 1) {
      return mask;
    }
    Tensor numbers = mask.dtype() == DType.BOOL ? mask.cast(DType.I64) : mask;
    Tensor wide = numbers.pad(3, Dim.of(0), Dim.of(missing));
    if (mask.dtype() == DType.BOOL) {
      return wide.cast(DType.BOOL);
    }
    Tensor inside = wide.iota(key.dim(2)).lt(mask.type().size(3));
    return inside.where(wide, wide.scalar(Double.NEGATIVE_INFINITY));
  }

  private Tensor keySlots() {
    return key.iota(key.dim(2)).reshape(1, 1, 1, key.dim(2));
  }

  /** What causality and the window let a query see of keys at and around its own position. */
  private @Nullable Tensor structure(Node n) {
    int left = n.integer("left_window_size", -1);
    int right = n.integer("right_window_size", -1);
    boolean causal = n.integer("is_causal", 0) != 0;
    if (left < 0 && right < 0 && !causal) {
      return null;
    }
    Tensor position = positions(n);
    Tensor shown = left < 0 ? null : position.sub(left).le(keySlots());
    if (causal) {
      return and(shown, keySlots().le(position));
    }
    return right < 0 ? shown : and(shown, keySlots().le(position.add(right)));
  }

  /** Queries follow the past, or end at each batch's length where lengths are given. */
  private Tensor positions(Node n) {
    Tensor slot = query.iota(query.dim(2)).reshape(1, 1, query.dim(2), 1);
    Tensor past = n.find(4);
    Tensor lengths = n.find(6);
    if (lengths != null) {
      Tensor offset = lengths.sub(lengths.value(query.dim(2)));
      slot = slot.add(offset.reshape(lengths.dim(0), 1, 1, 1)); // [batch, 1, queries, 1]
    } else if (past != null) {
      slot = slot.add(slot.value(past.dim(2)));
    }
    return slot;
  }

  private @Nullable Tensor filled(Node n) {
    Tensor lengths = n.find(6);
    return lengths == null ? null : keySlots().lt(lengths.reshape(lengths.dim(0), 1, 1, 1));
  }

  private AttentionCall call() {
    Mask mask = allowed == null ? Mask.all() : Mask.pairs(allowed);
    return AttentionCall.of(query, key, value).scale(scale).softcap(softcap).bias(bias).mask(mask);
  }

  private List<Tensor> results() {
    Tensor y = call().apply();
    Tensor output = node.input(0).rank() == 3 ? NodeOps.joined(y) : y;
    boolean wanted = node.proto().getOutputCount() > 3;
    return List.of(output, key, value, wanted ? products() : output);
  }

  /** Scores after the product (0), the softcap (1), the mask (2), or the softmax (3). */
  private Tensor products() {
    int mode = node.integer("qk_matmul_output_mode", 0);
    if (mode == 3) {
      return call().weights();
    }
    int groups = key.type().size(1);
    Tensor grouped = query.split(1, groups, query.type().size(1) / groups);
    Tensor s = grouped.matmulTransposed(key.insert(2)).merge(1, 2).mul(scale);
    if (mode >= 1 && softcap > 0) {
      s = s.div(softcap).tanh().mul(softcap);
    }
    if (mode < 2) {
      return s;
    }
    Tensor biased = bias == null ? s : s.add(bias);
    return allowed == null
        ? biased
        : allowed.where(biased, biased.scalar(Double.NEGATIVE_INFINITY));
  }
}
