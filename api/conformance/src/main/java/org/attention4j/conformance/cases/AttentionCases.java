package org.attention4j.conformance.cases;

import static org.attention4j.conformance.Values.listed;
import static org.attention4j.conformance.Values.normal;
import static org.attention4j.conformance.Values.padding;
import static org.attention4j.conformance.Values.truth;
import static org.attention4j.tensor.TensorType.bool;
import static org.attention4j.tensor.TensorType.f32;
import static org.attention4j.tensor.TensorType.i64;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.OpCase;
import org.attention4j.conformance.Values;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.op.Start;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;

/** Attention: every attribute, alone and together, at the sizes where implementations break. */
public final class AttentionCases {
  private AttentionCases() {}

  /** Sizes of one attention. */
  private record Sizes(int b, int h, int g, int tq, int tk, int d, int dv) {
    static Sizes of(int b, int h, int g, int tq, int tk, int d) {
      return new Sizes(b, h, g, tq, tk, d, d);
    }
  }

  private static final Sizes USUAL = Sizes.of(2, 3, 3, 7, 7, 8);
  private static final Sizes LONGER = Sizes.of(2, 4, 2, 5, 13, 8);

  /** All of them. */
  public static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    sizes(cases);
    masks(cases);
    scores(cases);
    extremes(cases);
    results(cases);
    layouts(cases);
    halves(cases);
    return cases;
  }

  private static OpCase named(String name, Sizes s) {
    return named(name, s, normal(1));
  }

  private static OpCase named(String name, Sizes s, Values numbers) {
    return OpCase.named("attention/" + name)
        .input("query", f32(s.b, s.h, s.tq, s.d), numbers)
        .input("key", f32(s.b, s.g, s.tk, s.d), numbers)
        .input("value", f32(s.b, s.g, s.tk, s.dv), normal(1));
  }

  private static AttentionCall call(Inputs in) {
    return AttentionCall.of(in.get("query"), in.get("key"), in.get("value"));
  }

  private static Case plain(String name, Sizes s, UnaryOperator<AttentionCall> how) {
    return named(name, s).result(in -> how.apply(call(in)).apply());
  }

  private static void sizes(List<Case> cases) {
    Map<String, Sizes> all =
        Map.of(
            "one", Sizes.of(1, 1, 1, 1, 1, 1),
            "primes", Sizes.of(2, 3, 3, 7, 13, 5),
            "one-query", Sizes.of(2, 2, 2, 1, 17, 8),
            "block-63", Sizes.of(1, 1, 1, 63, 63, 8),
            "block-64", Sizes.of(1, 1, 1, 64, 64, 8),
            "block-65", Sizes.of(1, 1, 1, 65, 65, 8),
            "head-256", Sizes.of(1, 1, 1, 3, 9, 256),
            "wide-value", new Sizes(2, 2, 2, 5, 9, 8, 12),
            "grouped", Sizes.of(2, 6, 2, 5, 9, 8),
            "one-kv-head", Sizes.of(2, 4, 1, 5, 9, 8));
    all.forEach(
        (name, s) -> {
          cases.add(plain("full/" + name, s, c -> c));
          int start = s.tk - s.tq;
          cases.add(plain("causal/" + name, s, c -> c.mask(Mask.causal()).start(Start.at(start))));
        });
    cases.add(plain("full/batch-0", Sizes.of(0, 2, 2, 5, 5, 8), c -> c));
    cases.add(plain("causal/batch-0", Sizes.of(0, 2, 2, 5, 5, 8), c -> c.mask(Mask.causal())));
    cases.add(plain("full/no-query", Sizes.of(2, 2, 2, 0, 5, 8), c -> c));
  }

  private static void masks(List<Case> cases) {
    cases.add(plain("causal", USUAL, c -> c.mask(Mask.causal())));
    cases.add(plain("causal/more-keys", LONGER, c -> c.mask(Mask.causal())));
    cases.add(plain("causal/offset", LONGER, c -> c.mask(Mask.causal()).start(Start.at(8))));
    Sizes fewer = Sizes.of(2, 2, 2, 9, 4, 8);
    cases.add(plain("causal/more-queries", fewer, c -> c.mask(Mask.causal())));
    cases.add(plain("causal/before-keys", fewer, c -> c.mask(Mask.causal()).start(Start.at(-5))));
    cases.add(
        named("causal/start-operand", LONGER)
            .input("start", i64(), listed(6))
            .result(in -> call(in).mask(Mask.causal()).start(Start.at(in.get("start"))).apply()));
    for (int size : new int[] {1, 3, 64}) {
      cases.add(plain("window/" + size, LONGER, c -> c.mask(Mask.window(size)).start(Start.at(8))));
    }
    cases.add(
        plain("window/both-sides", USUAL, c -> c.mask(new Mask.Window(2, 3)).start(Start.ZERO)));
    cases.add(plain("window/no-key-left", LONGER, c -> c.mask(Mask.window(3)).start(Start.at(12))));
    given(cases, "padding", in -> Mask.keys(in.get("keys")));
    given(cases, "causal-and-padding", in -> Mask.causal().and(Mask.keys(in.get("keys"))));
    given(cases, "pairs", in -> Mask.pairs(in.get("pairs")));
    given(cases, "pairs-of-head", in -> Mask.pairs(in.get("heads")));
    given(cases, "causal-or-pairs", in -> Mask.causal().or(Mask.pairs(in.get("pairs"))));
    given(
        cases,
        "window-and-padding-or-pairs",
        in -> Mask.window(2).and(Mask.keys(in.get("keys"))).or(Mask.pairs(in.get("pairs"))));
  }

  /** A case with masks as operands; those that it does not use are inputs all the same. */
  private static void given(List<Case> cases, String name, Function<Inputs, Mask> mask) {
    cases.add(
        named("mask/" + name, LONGER)
            .input("keys", i64(2, 13), padding())
            .input("pairs", bool(5, 13), truth(0.5))
            .input("heads", bool(2, 4, 5, 13), truth(0.4))
            .result(in -> call(in).mask(mask.apply(in)).start(Start.at(8)).apply()));
  }

  private static void scores(List<Case> cases) {
    cases.add(plain("scale", USUAL, c -> c.scale(1)));
    cases.add(plain("scale/0", USUAL, c -> c.scale(0)));
    cases.add(plain("softcap/1", LONGER, c -> c.softcap(1)));
    cases.add(plain("softcap/30", LONGER, c -> c.softcap(30).mask(Mask.causal())));
    cases.add(plain("alibi", LONGER, c -> c.alibi(Positions.alibiSlopes(4)).start(Start.at(8))));
    cases.add(
        plain(
            "alibi/causal-6-heads",
            Sizes.of(1, 6, 3, 5, 9, 8),
            c -> c.alibi(Positions.alibiSlopes(6)).mask(Mask.causal()).start(Start.at(4))));
    int[][] biases = {{2, 4, 5, 13}, {1, 4, 5, 13}, {2, 1, 1, 13}, {1, 1, 5, 13}};
    for (int[] b : biases) {
      cases.add(
          named("bias/" + b[0] + "x" + b[1] + "x" + b[2], LONGER)
              .input("bias", f32(b[0], b[1], b[2], b[3]), normal(1))
              .result(
                  in ->
                      call(in)
                          .bias(in.get("bias"))
                          .mask(Mask.causal())
                          .start(Start.at(8))
                          .apply()));
    }
    cases.add(
        named("everything", LONGER)
            .input("bias", f32(1, 4, 5, 13), normal(1))
            .input("keys", i64(2, 13), padding())
            .result(
                in ->
                    call(in)
                        .scale(0.7)
                        .softcap(3)
                        .alibi(Positions.alibiSlopes(4))
                        .bias(in.get("bias"))
                        .mask(Mask.window(5).and(Mask.keys(in.get("keys"))))
                        .start(Start.at(8))
                        .apply()));
    cases.add(
        named("dropout", LONGER)
            .input("seed", i64(), listed(42))
            .result(
                in ->
                    call(in)
                        .dropout(0.3, in.get("seed"), 5)
                        .mask(Mask.causal())
                        .start(Start.at(8))
                        .apply()));
  }

  private static void extremes(List<Case> cases) {
    String reason = "a fused backward recomputes exp(score - lse), off by |score| * 2^-24";
    cases.add(
        named("extreme/logits-1e4", LONGER, normal(60))
            .loosened(1, 8, reason)
            .result(in -> call(in).apply()));
    cases.add(
        named("extreme/logits-1e4-causal", USUAL, normal(60))
            .loosened(1, 8, reason)
            .result(in -> call(in).mask(Mask.causal()).apply()));
    cases.add(
        named("extreme/softcap", LONGER, normal(60)).result(in -> call(in).softcap(50).apply()));
    cases.add(
        named("extreme/equal-scores", USUAL, listed(0))
            .result(in -> call(in).mask(Mask.causal()).apply()));
    cases.add(
        named("extreme/fully-masked-rows", LONGER)
            .input("pairs", bool(5, 13), emptyRows(13))
            .result(in -> call(in).mask(Mask.pairs(in.get("pairs"))).apply()));
    cases.add(
        named("extreme/fully-masked", USUAL)
            .input("pairs", bool(7, 7), listed(0))
            .result(in -> call(in).mask(Mask.pairs(in.get("pairs"))).apply()));
    cases.add(
        named("extreme/first-keys-hidden", Sizes.of(1, 2, 2, 3, 129, 8))
            .input("keys", i64(1, 129), Values.of((random, i) -> i < 100 ? 0 : 1))
            .result(in -> call(in).mask(Mask.keys(in.get("keys"))).apply()));
  }

  /** Rows 0 and 3 allow nothing. */
  private static Values emptyRows(int width) {
    return Values.of((random, i) -> (i / width) % 3 == 0 ? 0 : random.nextInt(2));
  }

  private static void results(List<Case> cases) {
    cases.add(withLogSumExp(named("lse/full", LONGER), (in, c) -> c));
    cases.add(
        withLogSumExp(
            named("lse/causal", LONGER), (in, c) -> c.mask(Mask.causal()).start(Start.at(8))));
    cases.add(
        withLogSumExp(
            named("lse/fully-masked-rows", LONGER)
                .input("pairs", bool(5, 13), emptyRows(13))
                .lossOf("output"),
            (in, c) -> c.mask(Mask.pairs(in.get("pairs")))));
    cases.add(
        named("weights", LONGER)
            .result(in -> call(in).mask(Mask.causal()).start(Start.at(8)).weights()));
  }

  private static Case withLogSumExp(
      OpCase test, BiFunction<Inputs, AttentionCall, AttentionCall> how) {
    return test.results(
        in -> {
          List<Tensor> both = how.apply(in, call(in)).applyWithLogSumExp();
          return Map.of("output", both.get(0), "lse", both.get(1));
        });
  }

  /** Operands as a model makes them: permuted out of one projection. */
  private static void layouts(List<Case> cases) {
    cases.add(
        OpCase.named("attention/layout/permuted")
            .input("x", f32(2, 7, 3, 4, 8), normal(1)) // [batch, time, 3, heads, head_dim]
            .result(
                in -> {
                  Tensor qkv = in.get("x").permute(2, 0, 3, 1, 4);
                  return AttentionCall.of(qkv.at(0, 0), qkv.at(0, 1), qkv.at(0, 2))
                      .mask(Mask.causal())
                      .apply()
                      .permute(0, 2, 1, 3);
                }));
    cases.add(
        named("layout/sliced", Sizes.of(2, 2, 2, 6, 11, 8))
            .result(
                in ->
                    AttentionCall.of(
                            in.get("query").slice(2, 1, 4),
                            in.get("key").slice(2, 3, 10),
                            in.get("value").slice(2, 3, 10))
                        .apply()));
    cases.add(
        named("layout/shared-operand", USUAL)
            .result(
                in -> AttentionCall.of(in.get("query"), in.get("query"), in.get("query")).apply()));
    cases.add(
        OpCase.named("attention/layout/expanded")
            .input("query", f32(2, 4, 5, 8), normal(1))
            .input("key", f32(1, 4, 9, 8), normal(1))
            .result(
                in -> {
                  Tensor key = in.get("key").expand(0, in.get("query").dim(0));
                  return AttentionCall.of(in.get("query"), key, key).apply();
                }));
  }

  private static void halves(List<Case> cases) {
    for (DType half : List.of(DType.F16, DType.BF16)) {
      Sizes s = Sizes.of(2, 4, 2, 7, 33, 16);
      cases.add(named("full", s).in(half).result(in -> call(in).apply()));
      cases.add(
          named("causal", s)
              .in(half)
              .result(in -> call(in).mask(Mask.causal()).start(Start.at(26)).apply()));
      cases.add(
          named("softcap", s)
              .in(half)
              .result(in -> call(in).softcap(5).mask(Mask.window(9)).start(Start.at(26)).apply()));
    }
  }
}
