package org.attention4j.generate;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.attention4j.spi.CacheLength;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Rows;
import org.attention4j.spi.Session;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** A model whose logits depend on the last two tokens only, so that probabilities can be summed. */
final class BigramSession implements Session {
  private final double[][][] table; // [token before][last token][vocabulary]
  int passes;

  BigramSession(int vocabulary, long seed) {
    Random random = new Random(seed);
    table = new double[vocabulary][vocabulary][vocabulary];
    for (double[][] rows : table) {
      for (double[] row : rows) {
        for (int i = 0; i < vocabulary; i++) {
          row[i] = 1.5 * random.nextGaussian();
        }
      }
    }
  }

  double[] logits(long before, long last) {
    return table[(int) before][(int) last].clone();
  }

  @Override
  public Set<String> inputs() {
    return Set.of("input_ids");
  }

  @Override
  public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
    return decode().next(inputs);
  }

  @Override
  public Decoding decode() {
    return new Decoding() {
      private long[] read = {};

      @Override
      public Map<String, HostTensor> next(Map<String, HostTensor> inputs) {
        passes++;
        HostTensor ids = Objects.requireNonNull(inputs.get("input_ids"));
        int time = (int) ids.size();
        HostTensor logits = HostTensor.zeros(DType.F32, 1, time, table.length);
        for (int t = 0; t < time; t++) {
          long[] grown = Arrays.copyOf(read, read.length + 1);
          grown[read.length] = ids.getLong(t);
          read = grown;
          long before = read.length > 1 ? read[read.length - 2] : 0;
          double[] row = table[(int) before][(int) ids.getLong(t)];
          for (int i = 0; i < row.length; i++) {
            logits.set((long) t * row.length + i, row[i]);
          }
        }
        return Map.of("logits", logits);
      }

      @Override
      public void select(long... rows) {
        Rows.check(rows, read.length == 0 ? 0 : 1);
      }

      @Override
      public void truncate(long length) {
        CacheLength.check(length, read.length);
        read = Arrays.copyOf(read, (int) length);
      }

      @Override
      public long length() {
        return read.length;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public String description() {
    return "bigrams";
  }

  @Override
  public void close() {}
}
