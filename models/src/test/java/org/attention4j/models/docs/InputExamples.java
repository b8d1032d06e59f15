package org.attention4j.models.docs;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.input.ImageClassifier;
import org.attention4j.models.input.ImageProcessor;
import org.attention4j.models.input.LogMel;
import org.attention4j.models.input.RgbImage;
import org.attention4j.models.input.Sound;
import org.attention4j.models.text.Transcriber;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;

/** The code of docs/pictures-and-sound.md. */
final class InputExamples {
  private InputExamples() {}

  // docs:classify
  static String classify(Path directory, Path picture) {
    try (ImageClassifier classifier = ImageClassifier.open(directory, "onnx")) {
      List<ImageClassifier.Scored> classes =
          classifier.classify(List.of(RgbImage.read(picture))).get(0);
      return classes.get(0).label(); // the likeliest
    }
  }

  // docs:end

  // docs:pixels
  static HostTensor pixels(Path directory, Path picture) {
    ImageProcessor processor = ImageProcessor.read(directory);
    HostTensor pixels = processor.pixels(RgbImage.read(picture)); // [1, 3, height, width]
    Checkpoint checkpoint = HuggingFace.open(directory);
    try (PretrainedSession session = checkpoint.session("djl", Set.of("pixel_values"))) {
      return Objects.requireNonNull(session.run(Map.of("pixel_values", pixels)).get("logits"));
    }
  }

  // docs:end

  // docs:transcribe
  static String transcribe(Path directory, Path speech) {
    try (Transcriber transcriber =
        Transcriber.open(directory, Engines.get("onnx"), SessionOptions.defaults())) {
      Transcriber.Wish wish = new Transcriber.Wish("en", "transcribe", 0);
      return transcriber.transcribe(Sound.read(speech), wish).text();
    }
  }

  // docs:end

  // docs:features
  static HostTensor features(Path directory, Path speech) {
    LogMel mel = LogMel.read(directory);
    return mel.features(Sound.read(speech).at(mel.rate())); // [1, bands, frames]
  }
  // docs:end
}
