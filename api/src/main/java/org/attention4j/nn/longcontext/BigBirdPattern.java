package org.attention4j.nn.longcontext;

import java.util.stream.LongStream;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Sizes;
import org.attention4j.tensor.Tensor;

/**
 * BigBird's pattern (Zaheer et al. 2020, section 2 and appendix D): neighbouring blocks, a few
 * global blocks at the beginning, and random ones.
 *
 * <p>Every query sees the global blocks, and their queries see everything. The random blocks of a
 * block are a hash of the seed and its number, in integer arithmetic that every engine does alike;
 * one that falls on a neighbour or a global block adds nothing. The causal form sees nothing behind
 * the query and draws among the blocks up to its own, so that it does not change as a sequence
 * grows.
 *
 * @param block slots of a block
 * @param neighbours blocks before the own one and, unless causal, as many after it
 * @param globals first blocks
 * @param random draws for each block
 * @param seed of the draws
 */
public record BigBirdPattern(
    int block, int neighbours, int globals, int random, long seed, boolean causal)
    implements BlockPattern {
  private static final long PRIME = 2147483647L; // 2^31 - 1: products stay below 2^62

  public BigBirdPattern {
    Sizes.requirePositive("BigBirdPattern", "block", block);
    if (neighbours < 0 || globals < 0 || random < 0) {
      throw new UsageException(
          "BigBirdPattern: neighbours, globals and random blocks are 0 or more, not "
              + neighbours
              + ", "
              + globals
              + " and "
              + random);
    }
  }

  @Override
  public int fullRows() {
    return causal ? 0 : globals;
  }

  @Override
  public Tensor keyBlocks(Tensor queryBlock, Tensor blocks) {
    Tensor own = queryBlock.insert(1); // [n, 1]
    long after = causal ? 0 : neighbours;
    Tensor seen =
        own.add(own.integers(LongStream.rangeClosed(-neighbours, after).toArray())); // [n, near]
    if (globals > 0) {
      Tensor first = own.integers(LongStream.range(0, globals).toArray());
      seen = seen.concat(1, own.mul(0).add(first));
    }
    if (random > 0) {
      Tensor draws = own.integers(LongStream.range(0, random).toArray());
      Tensor among = causal ? own.add(1) : blocks;
      seen = seen.concat(1, remainder(hash(own.mul(random).add(draws)), among));
    }
    return seen;
  }

  /** Two rounds of the permutation x^5 of the field, each after adding the seed's part. */
  private Tensor hash(Tensor x) {
    long first = Math.floorMod(seed, PRIME);
    long second = Math.floorMod(Math.floorDiv(seed, PRIME) + 625341585L, PRIME);
    Tensor once = fifthPower(modulo(x.add((double) first)));
    return fifthPower(modulo(once.add((double) second)));
  }

  private static Tensor fifthPower(Tensor x) {
    Tensor square = modulo(x.mul(x));
    return modulo(modulo(square.mul(square)).mul(x));
  }

  private static Tensor modulo(Tensor x) {
    return remainder(x, x.scalar(PRIME));
  }

  private static Tensor remainder(Tensor x, Tensor divisor) {
    return x.sub(x.div(divisor).mul(divisor));
  }
}
