package org.attention4j.engine.djl;

import org.attention4j.op.Dropout;
import org.attention4j.tensor.DType;

/**
 * {@link Dropout} in PyTorch's integer arithmetic: the same permutation polynomial modulo 2^31 - 1
 * as the composite's expansion, bit for bit, with one remainder where the expansion has three
 * operations, and in place where a value is not needed again.
 */
final class DropoutScript {
  private static final long PRIME = (1L << 31) - 1;

  private DropoutScript() {}

  static String emit(Dropout op, ScriptCall call) {
    ScriptWriter writer = call.writer();
    String count = writer.size(call.type(0).count());
    String key = scalarKey(writer, call.tensor(1), Math.floorMod(op.site(), PRIME));
    String second =
        fifthPower(writer, "torch.remainder(torch.add(" + key + ", 625341585), " + PRIME + ")");
    String index = "torch.arange(" + count + ", " + writer.created(DType.I64) + ")";
    String h =
        fifthPower(
            writer, "torch.remainder_(torch.add(" + index + ", " + key + "), " + PRIME + ")");
    h =
        fifthPower(
            writer, "torch.remainder_(torch.add_(" + h + ", " + second + "), " + PRIME + ")");
    long threshold = Math.round(op.probability() * PRIME);
    String kept = "torch.ge(" + h + ", " + threshold + ")";
    String shaped = "torch.reshape(" + kept + ", " + writer.sizes(call.type(0).dims()) + ")";
    int code = writer.code(call.result().dtype());
    String factor =
        "torch.div(torch.to(" + shaped + ", " + code + "), " + (1 - op.probability()) + ")";
    return "torch.mul(" + call.tensor(0) + ", " + factor + ")";
  }

  private static String scalarKey(ScriptWriter writer, String seed, long site) {
    String positive = "torch.remainder(torch.abs(" + seed + "), " + PRIME + ")";
    return fifthPower(
        writer, "torch.remainder(torch.add(" + positive + ", " + site + "), " + PRIME + ")");
  }

  /** x^5 modulo the prime, of a tensor that nothing else refers to. */
  private static String fifthPower(ScriptWriter writer, String expression) {
    String x = writer.name("h", expression);
    String square =
        writer.name("h", "torch.remainder_(torch.mul(" + x + ", " + x + "), " + PRIME + ")");
    String fourth =
        writer.name(
            "h", "torch.remainder_(torch.mul_(" + square + ", " + square + "), " + PRIME + ")");
    return writer.name(
        "h", "torch.remainder_(torch.mul_(" + fourth + ", " + x + "), " + PRIME + ")");
  }
}
