package org.attention4j.models.huggingface.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.models.family.Config;
import org.attention4j.nn.LengthRotation;
import org.attention4j.nn.Rotation;
import org.attention4j.op.RotaryEmbedding;

/**
 * Rotary embeddings as configurations describe them: {@code rope_theta} and {@code rope_scaling},
 * or the {@code rope_parameters} of newer releases.
 */
public final class Rotary {
  private static final String PART = "partial_rotary_factor";
  private static final String ORIGINAL = "original_max_position_embeddings";

  private Rotary() {}

  /**
   * Over all features of a head, halves paired; base 10000 where none is given.
   *
   * @throws org.attention4j.error.FileFormatException if the configuration wants a part of them,
   *     which transformers does not do in these families
   */
  public static Rotation read(Config config, int headDim) {
    for (Config section : List.of(config, config.section("rope_parameters"))) {
      if (section.number(PART, 1) != 1) {
        throw section.wrong(PART, "1 in this family", section.number(PART, 1));
      }
    }
    return read(config, headDim, 10000, 1, false);
  }

  /**
   * Over as many features as {@code partial_rotary_factor} says.
   *
   * @param base where none is given
   * @param share of the features where none is given
   * @param interleaved whether neighbours are paired
   */
  public static Rotation read(
      Config config, int headDim, double base, double share, boolean interleaved) {
    Config parameters = config.section("rope_parameters");
    double part = parameters.number(PART, config.number(PART, share));
    if (!(part <= 1)) {
      throw config.wrong(PART, "from 0 to 1", part);
    }
    double theta = parameters.number("rope_theta", config.number("rope_theta", base));
    return of(config, scaling(config), (int) (headDim * part), theta, interleaved);
  }

  /** {@code rope_scaling} of older releases, or {@code rope_parameters} of newer ones. */
  private static Config scaling(Config config) {
    return config.section(config.has("rope_scaling") ? "rope_scaling" : "rope_parameters");
  }

  private static String type(Config scaling) {
    return scaling.text("rope_type", scaling.text("type", "default"));
  }

  /** Whether a longer sequence turns its first tokens otherwise than a shorter one. */
  static boolean changesWithLength(Config config) {
    return List.of("dynamic", "longrope", "su").contains(type(scaling(config)));
  }

  /**
   * From a section with {@code rope_type} and what belongs to it.
   *
   * @param config for the context
   * @param dims features that turn
   */
  public static Rotation of(
      Config config, Config scaling, int dims, double base, boolean interleaved) {
    String type = type(scaling);
    List<Double> plain = RotaryEmbedding.of(dims, base, interleaved).frequencies();
    return switch (type) {
      case "default" -> fixed(plain, 1, interleaved);
      case "linear" -> {
        double factor = factor(scaling);
        yield fixed(plain.stream().map(f -> f / factor).toList(), 1, interleaved);
      }
      case "llama3" -> fixed(llama3(scaling, plain, original(config, scaling)), 1, interleaved);
      case "yarn" -> yarn(config, scaling, plain, dims, base, interleaved);
      case "dynamic" ->
          LengthRotation.dynamic(
              dims, base, factor(scaling), config.size("max_position_embeddings"));
      case "longrope", "su" -> longRope(config, scaling, plain);
      default ->
          throw scaling.wrong(
              "rope_type", "default, linear, dynamic, yarn, llama3 or longrope", type);
    };
  }

  private static Rotation fixed(List<Double> frequencies, double scale, boolean interleaved) {
    return new Rotation.Fixed(new RotaryEmbedding(frequencies, scale, interleaved));
  }

  private static double factor(Config scaling) {
    double factor = scaling.number("factor", 0);
    if (!(factor > 0)) {
      throw scaling.wrong("factor", "a positive number", factor);
    }
    return factor;
  }

  private static int original(Config config, Config scaling) {
    return scaling.size(ORIGINAL, config.size(ORIGINAL, config.size("max_position_embeddings")));
  }

  /** Long waves are stretched, short ones kept, those between mixed (Llama 3.1). */
  private static List<Double> llama3(Config scaling, List<Double> plain, int context) {
    double factor = factor(scaling);
    double low = scaling.number("low_freq_factor", 1);
    double high = scaling.number("high_freq_factor", 4);
    List<Double> frequencies = new ArrayList<>();
    for (double f : plain) {
      double turns = context * f / (2 * Math.PI); // within the original context
      double kept = Math.max(0, Math.min(1, (turns - low) / (high - low)));
      frequencies.add((1 - kept) * f / factor + kept * f);
    }
    return frequencies;
  }

  /** YaRN (Peng et al. 2023), section 3. */
  private static Rotation yarn(
      Config config,
      Config scaling,
      List<Double> plain,
      int dims,
      double base,
      boolean interleaved) {
    int context = original(config, scaling);
    double factor =
        scaling.has("factor")
            ? factor(scaling)
            : (double) config.size("max_position_embeddings") / context;
    double first = correction(orElse(scaling, "beta_fast", 32), dims, base, context);
    double last = correction(orElse(scaling, "beta_slow", 1), dims, base, context);
    if (scaling.flag("truncate", true)) {
      first = Math.floor(first);
      last = Math.ceil(last);
    }
    double low = Math.max(first, 0);
    double high = Math.min(last, dims - 1);
    double width = high == low ? 0.001 : high - low;
    List<Double> frequencies =
        IntStream.range(0, plain.size())
            .mapToObj(
                i -> {
                  double stretched = Math.max(0, Math.min(1, (i - low) / width));
                  return plain.get(i) * (stretched / factor + 1 - stretched);
                })
            .toList();
    return fixed(frequencies, yarnScale(scaling, factor), interleaved);
  }

  private static double orElse(Config scaling, String name, double otherwise) {
    double value = scaling.number(name, otherwise);
    return value == 0 ? otherwise : value;
  }

  /** The pair that turns so many times within the context. */
  private static double correction(double turns, int dims, double base, int context) {
    return dims * Math.log(context / (turns * 2 * Math.PI)) / (2 * Math.log(base));
  }

  private static double yarnScale(Config scaling, double factor) {
    if (scaling.has("attention_factor")) {
      return scaling.number("attention_factor", 1);
    }
    double one = scaling.number("mscale", 0);
    double all = scaling.number("mscale_all_dim", 0);
    return one != 0 && all != 0 ? growth(factor, one) / growth(factor, all) : growth(factor, 1);
  }

  private static double growth(double factor, double share) {
    return factor <= 1 ? 1 : 0.1 * share * Math.log(factor) + 1;
  }

  /** LongRoPE (Ding et al. 2024). */
  private static Rotation longRope(Config config, Config scaling, List<Double> plain) {
    int context = config.size(ORIGINAL, original(config, scaling));
    boolean above = config.has("rope_scaling") && config.has(ORIGINAL); // then factor is not read
    double factor =
        scaling.has("factor") && !above
            ? factor(scaling)
            : (double) config.size("max_position_embeddings") / context;
    double usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(context));
    return LengthRotation.switching(
        stretched(scaling, "short_factor", plain),
        stretched(scaling, "long_factor", plain),
        context,
        scaling.number("attention_factor", usual));
  }

  private static List<Double> stretched(Config scaling, String name, List<Double> plain) {
    List<Double> factors = scaling.numbers(name);
    if (factors.size() != plain.size()) {
      throw scaling.wrong(name, "a list of " + plain.size() + " numbers", factors);
    }
    return IntStream.range(0, plain.size()).mapToObj(i -> plain.get(i) / factors.get(i)).toList();
  }
}
