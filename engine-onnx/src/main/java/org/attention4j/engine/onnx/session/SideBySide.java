package org.attention4j.engine.onnx.session;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.onnxformat.Weight;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/**
 * Weights that a kernel reads where they are, in memory without gaps and from the beginning of a
 * cache line each. The kernel asks for that memory to be in huge pages, most of which are larger
 * than one of these weights.
 */
final class SideBySide {
  /** What a piece of memory begins at and what its size is a multiple of. */
  private static final int HUGE_PAGE = 2 << 20;

  private static final int LINE = 64;

  /** Bytes of a piece of memory, unless one weight has more. */
  private static final long PIECE = 1L << 30;

  private SideBySide() {}

  /** Reads weights into memory; they keep it alive. */
  static Map<String, HostTensor> read(Map<String, Weight> weights) {
    Map<String, HostTensor> result = new LinkedHashMap<>();
    List<Map.Entry<String, Weight>> piece = new ArrayList<>();
    long bytes = 0;
    for (Map.Entry<String, Weight> weight : weights.entrySet()) {
      long more = lines(weight.getValue());
      if (bytes + more > PIECE) {
        readPiece(piece, bytes, result);
        piece.clear();
        bytes = 0;
      }
      piece.add(weight);
      bytes += more;
    }
    readPiece(piece, bytes, result);
    return result;
  }

  private static long lines(Weight weight) {
    return (weight.bytes() + LINE - 1) / LINE * LINE;
  }

  private static void readPiece(
      List<Map.Entry<String, Weight>> weights, long bytes, Map<String, HostTensor> to) {
    // a small model needs no whole page, only the beginning of a line
    int unit = bytes < HUGE_PAGE ? LINE : HUGE_PAGE;
    long size = (bytes + unit - 1) / unit * unit + unit;
    ByteBuffer memory = HostTensor.zeros(DType.U8, size).buffer().alignedSlice(unit);
    int at = 0;
    for (Map.Entry<String, Weight> entry : weights) {
      Weight weight = entry.getValue();
      ByteBuffer own = memory.slice(at, (int) weight.bytes());
      weight.read(own::put);
      to.put(entry.getKey(), HostTensor.wrap(weight.dtype(), own.flip(), weight.shape()));
      at += (int) lines(weight);
    }
  }
}
