package org.attention4j.models.input;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * Tells what is on a picture, with a ViT or DeiT of Hugging Face's. Owns a session; as thread-safe
 * as that.
 *
 * <pre>{@code
 * try (ImageClassifier classifier = ImageClassifier.open(Path.of("vit-base-patch16-224"), "onnx")) {
 *   RgbImage image = RgbImage.read(Path.of("cat.jpg"));
 *   System.out.println(classifier.classify(List.of(image)).get(0).get(0)); // the likeliest class
 * }
 * }</pre>
 */
public final class ImageClassifier implements AutoCloseable {
  private static final String PIXELS = "pixel_values";

  private final ImageProcessor processor;
  private final List<String> labels;
  private final boolean several;
  private final PretrainedSession session;

  private ImageClassifier(
      ImageProcessor processor, List<String> labels, boolean several, PretrainedSession session) {
    this.processor = processor;
    this.labels = labels;
    this.several = several;
    this.session = session;
  }

  /** A class and its probability. */
  public record Scored(String label, double score) {}

  /** Opens a directory on the CPU in f32. */
  public static ImageClassifier open(Path directory, String engine) {
    return open(directory, Engines.get(engine), SessionOptions.defaults());
  }

  /**
   * Opens a directory with {@code preprocessor_config.json} beside the model.
   *
   * @throws UsageException if the model does not classify images
   * @throws FileFormatException if the files do not fit each other
   */
  public static ImageClassifier open(Path directory, Engine engine, SessionOptions options) {
    Checkpoint checkpoint = HuggingFace.open(directory);
    if (checkpoint.model().task() != Task.IMAGE_CLASSIFICATION) {
      throw new UsageException(
          directory
              + " holds a model of type '"
              + checkpoint.model().family()
              + "' for "
              + checkpoint.model().task().label()
              + ", which does not classify images");
    }
    ImageProcessor processor = ImageProcessor.read(directory);
    checkSize(directory, processor, checkpoint);
    Config config = checkpoint.model().config();
    List<String> labels = labels(config);
    boolean several =
        config.text("problem_type", "").equals("multi_label_classification") || labels.size() == 1;
    PretrainedSession session = checkpoint.session(engine, options, Set.of(PIXELS), Set.of());
    return new ImageClassifier(processor, labels, several, session);
  }

  private static void checkSize(Path directory, ImageProcessor processor, Checkpoint checkpoint) {
    TensorType type = Objects.requireNonNull(checkpoint.model().inputs().get(PIXELS));
    ImageProcessor.Size size = processor.crop() == null ? processor.size() : processor.crop();
    boolean fits =
        size != null
            && size.width() > 0
            && type.dim(2).is(size.height())
            && type.dim(3).is(size.width());
    if (size != null && size.width() > 0 && !fits) {
      throw new FileFormatException(
          directory.resolve(ImageProcessor.FILE),
          "makes images of " + size.width() + " x " + size.height() + ", the model reads " + type);
    }
  }

  /** {@code id2label}, or LABEL_0, LABEL_1 as in transformers. */
  private static List<String> labels(Config config) {
    int count = config.count("id2label", 2);
    JsonNode names = config.json().path("id2label");
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      labels.add(names.path(String.valueOf(i)).asText("LABEL_" + i));
    }
    return labels;
  }

  /**
   * All classes of each picture, the likeliest first: probabilities by softmax, or by the sigmoid
   * of each where {@code problem_type} lets several hold.
   *
   * @throws UsageException if there is no picture
   */
  public List<List<Scored>> classify(List<RgbImage> images) {
    HostTensor pixels = processor.pixels(images);
    HostTensor logits = Objects.requireNonNull(session.run(Map.of(PIXELS, pixels)).get("logits"));
    List<List<Scored>> results = new ArrayList<>();
    for (int row = 0; row < images.size(); row++) {
      results.add(scored(logits, row));
    }
    return results;
  }

  private List<Scored> scored(HostTensor logits, int row) {
    long start = (long) row * labels.size();
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < labels.size(); i++) {
      most = Math.max(most, logits.getDouble(start + i));
    }
    double sum = 0;
    for (int i = 0; i < labels.size(); i++) {
      sum += Math.exp(logits.getDouble(start + i) - most);
    }
    List<Scored> all = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      double logit = logits.getDouble(start + i);
      double score = several ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit - most) / sum;
      all.add(new Scored(labels.get(i), score));
    }
    all.sort(Comparator.comparingDouble(Scored::score).reversed());
    return all;
  }

  /** The classes, by number. */
  public List<String> labels() {
    return List.copyOf(labels);
  }

  /** What computes. */
  public String description() {
    return session.session().description();
  }

  @Override
  public void close() {
    session.close();
  }
}
