package org.attention4j.conformance.cases;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.DecodingCheck;
import org.attention4j.conformance.Sample;
import org.attention4j.conformance.Suite;
import org.attention4j.conformance.models.TinyBert;
import org.attention4j.conformance.models.TinyCosine;
import org.attention4j.conformance.models.TinyGpt;
import org.attention4j.conformance.models.TinyLong;
import org.attention4j.conformance.models.TinyMixed;
import org.attention4j.conformance.models.TinyT5;
import org.attention4j.conformance.models.TinyTranslator;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** Whole small models, which together use every block: once through, and token by token. */
public final class ModelCases {
  private static final int[][] SIZES = {{2, 5}, {1, 1}, {3, 9}};
  private static final int SOURCE = 4;

  private ModelCases() {}

  /** A model and what it needs to be run. */
  private record Subject(String name, Program program, String growing, int vocabulary) {}

  private static List<Subject> subjects() {
    TensorType mask = TensorType.i64("batch", "past+time");
    TensorType positions = TensorType.i64("batch", "time");
    TensorType source = TensorType.i64("batch", "source");
    TensorType keys = TensorType.i64("batch", "time");
    Program gpt = Program.of(TinyGpt.standard());
    Program mixed = Program.of(TinyMixed.standard());
    Program bert = Program.of(TinyBert.standard());
    Program t5 = Program.of(TinyT5.standard());
    return List.of(
        new Subject("gpt", gpt, "input_ids", 13),
        new Subject(
            "gpt-padded",
            gpt.with("attention_mask", mask).with("position_ids", positions),
            "input_ids",
            13),
        new Subject("mixed", mixed, "input_ids", 17),
        new Subject("mixed-padded", mixed.with("attention_mask", mask), "input_ids", 17),
        new Subject("long", Program.of(TinyLong.standard()), "input_ids", 13),
        new Subject("one-file", Program.of(TinyCosine.standard()), "", 13),
        new Subject("bert", bert, "", 13),
        new Subject("bert-padded", bert.with("attention_mask", keys), "", 13),
        new Subject("translator", Program.of(TinyTranslator.standard()), "decoder_input_ids", 11),
        new Subject("t5", t5, "decoder_input_ids", 11),
        new Subject("t5-padded", t5.with("attention_mask", source), "decoder_input_ids", 11));
  }

  /** All of them at several sizes. */
  public static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (Subject subject : subjects()) {
      for (int[] size : SIZES) {
        cases.add(sized(subject, size[0], size[1]));
      }
    }
    return cases;
  }

  /** Decoding through the KV cache. */
  public static List<DecodingCheck> decoding() {
    List<DecodingCheck> checks = new ArrayList<>();
    for (Subject subject : subjects()) {
      if (!subject.growing.isEmpty()) {
        checks.add(new DecodingCheck(sized(subject, 2, 7), subject.growing));
      }
    }
    return checks;
  }

  private static Case sized(Subject subject, int batch, int time) {
    return new Case(
        "model/" + subject.name + "/b" + batch + "-t" + time + "/f32",
        Suite.BLOCKS,
        subject.program,
        random -> draw(subject, batch, time, random),
        DType.F32,
        Set.of(),
        batch == SIZES[0][0], // gradients once: opening a trainer takes a second on some engines
        List.of("logits"),
        Case.Oracle.STRICT);
  }

  private static Sample draw(Subject subject, int batch, int time, Random random) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    subject
        .program
        .inputs()
        .forEach(
            (name, type) -> {
              int length = type.dim(1).symbols().contains("source") ? SOURCE : time;
              inputs.put(name, values(name, subject.vocabulary, batch, length, random));
            });
    return Sample.of(inputs, weights(subject.program, random));
  }

  /** The first row of a mask hides its first token; positions count from the first seen one. */
  private static HostTensor values(
      String name, int vocabulary, int batch, int length, Random random) {
    HostTensor values = HostTensor.zeros(DType.I64, batch, length);
    for (int i = 0; i < values.size(); i++) {
      boolean hidden = i == 0 && length > 1;
      long value =
          switch (name) {
            case "attention_mask" -> hidden ? 0 : 1;
            case "position_ids" -> i < length ? Math.max(0, i - 1) : i % length;
            default -> random.nextInt(vocabulary);
          };
      values.set(i, value);
    }
    return values;
  }

  /** Away from the start, so that no bias is 0 and no factor 1. */
  private static Weights weights(Program program, Random random) {
    return Parameters.init(program, random.nextLong())
        .map(
            (path, tensor) -> {
              HostTensor moved = tensor.copy();
              for (long i = 0; i < moved.size(); i++) {
                moved.set(i, moved.getDouble(i) + 0.2 * random.nextGaussian());
              }
              return moved;
            });
  }
}
