package org.attention4j.conformance.cases;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.conformance.models.TinyBert;
import org.attention4j.conformance.models.TinyGpt;
import org.attention4j.conformance.models.TinyMixed;
import org.attention4j.conformance.models.TinyT5;
import org.attention4j.conformance.models.TinyTranslator;
import org.attention4j.nn.Model;

/** The small models, by the names under which reports list them. All know 11 tokens or more. */
public final class TinyModels {
  private TinyModels() {}

  /** Those with one sequence: {@code input_ids} [batch, time]. */
  public static Map<String, Model> decoders() {
    Map<String, Model> models = new LinkedHashMap<>();
    models.put("gpt", TinyGpt.standard());
    models.put("bert", TinyBert.standard());
    models.put("mixed", TinyMixed.standard());
    return models;
  }

  /** Those with two: {@code input_ids} [batch, source] and {@code decoder_input_ids}. */
  public static Map<String, Model> encoderDecoders() {
    Map<String, Model> models = new LinkedHashMap<>();
    models.put("translator", TinyTranslator.standard());
    models.put("t5", TinyT5.standard());
    return models;
  }
}
