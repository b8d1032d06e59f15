package org.attention4j.conformance;

import java.util.Random;
import org.attention4j.spi.Engine;

/**
 * Where checks run.
 *
 * @param engine the engine under test
 * @param abilities what the engine declines
 * @param seed of all random data
 * @param reproduce a command with {@code CASE} and {@code SEED} in place of both
 */
public record Bench(Engine engine, Abilities abilities, long seed, String reproduce) {

  /** A bench whose failures are reproduced from the command line. */
  public static Bench of(Engine engine, long seed) {
    return new Bench(
        engine,
        new Abilities(engine),
        seed,
        "java -jar attention4j.jar conformance --engine "
            + engine.name()
            + " --case CASE --seed 0xSEED");
  }

  /** The same numbers for the same check and seed, whatever ran before. */
  public Random random(String check) {
    return new Random(seed * 0x9E3779B97F4A7C15L + check.hashCode());
  }

  /** The command that runs one check again. */
  public String reproduce(String check) {
    return reproduce.replace("CASE", check).replace("SEED", Long.toHexString(seed));
  }
}
