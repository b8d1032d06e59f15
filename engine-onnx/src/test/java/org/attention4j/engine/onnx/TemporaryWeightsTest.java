package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.attention4j.error.StorageException;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.FileVersion;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights that are widened or rounded on their way through a temporary file. */
class TemporaryWeightsTest {
  private static final String PLACE = "java.io.tmpdir";

  /** With a tied table of 17 MB in f32, enough for a file. */
  private static final Program PROGRAM = Program.of(new TestModels.Gpt(16384, 32, 256, 4, 2));

  private static final Map<String, HostTensor> INPUTS =
      Map.of("input_ids", Compare.random(TensorType.i64(2, 7), 16384, new Random(1)));

  private static final Weights RANDOM = Parameters.init(PROGRAM, 3);

  private final String usual = System.getProperty(PLACE);

  @TempDir Path directory;

  @BeforeEach
  void filesCanBeToldApart() throws IOException {
    assumeTrue(
        FileVersion.of(Files.createFile(directory.resolve("any"))) != null,
        "skipped: nothing is written where the system tells no files apart");
  }

  @AfterEach
  void restore() {
    System.setProperty(PLACE, usual);
  }

  private Path place() throws IOException {
    Path place = Files.createDirectories(directory.resolve("temporary"));
    System.setProperty(PLACE, place.toString());
    return place;
  }

  private static List<Path> in(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private Weights stored(DType dtype) {
    Path file = directory.resolve("model.safetensors");
    RANDOM.map((path, tensor) -> tensor.cast(dtype)).save(file);
    return Weights.load(file);
  }

  private static SessionOptions options(String format, String level) {
    return SessionOptions.defaults()
        .withThreads(1)
        .with("weights", format)
        .with("optimization", level);
  }

  @ParameterizedTest
  @CsvSource({
    "F16, floating, all, auto",
    "BF16, floating, all, auto",
    "BF16, floating, none, auto",
    "BF16, int8, all, auto",
    "BF16, int8, all, none",
    "F16, int4, all, none",
    "BF16, int8_dynamic, all, auto"
  })
  void theFileGivesTheBitsOfWeightsWidenedBeforeAndIsGone(
      DType dtype, String format, String level, String products) throws IOException {
    Path place = place();
    Weights narrow = stored(dtype);
    Weights wide = narrow.map((path, tensor) -> tensor.cast(DType.F32));
    SessionOptions options = options(format, level).with("products", products);
    try (Session expected = new OnnxEngine().open(PROGRAM, wide, options);
        Session actual = new OnnxEngine().open(PROGRAM, narrow, options)) {
      Compare.equal("whole", expected.run(INPUTS), actual.run(INPUTS), 0);
      assertEquals(List.of(), in(place));
      try (Decoding one = expected.decode();
          Decoding other = actual.decode()) {
        Compare.equal("decoded", one.next(INPUTS), other.next(INPUTS), 0);
      }
      assertEquals(List.of(), in(place));
    }
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamedWithWhatItTakes() {
    Path missing = directory.resolve("missing");
    System.setProperty(PLACE, missing.toString());
    try (Session session =
        new OnnxEngine().open(PROGRAM, stored(DType.F32), options("int8_dynamic", "all"))) {
      StorageException e = assertThrows(StorageException.class, () -> session.run(INPUTS));
      String text = String.valueOf(e.getMessage());
      assertTrue(text.contains(missing.toString()), text);
      assertTrue(text.matches("(?s).* [0-9]+ MB .*-Djava.io.tmpdir.*"), text);
    }
  }

  @Test
  void whatKilledProcessesLeftIsRemovedAndNothingElse() throws IOException {
    Path place = place();
    long gone = 999_999_999;
    Path old = Files.createFile(place.resolve("attention4j-weights." + gone + "-1.tmp"));
    Path young = Files.createFile(place.resolve("attention4j-weights." + gone + "-2.tmp"));
    long own = ProcessHandle.current().pid();
    Path live = Files.createFile(place.resolve("attention4j-weights." + own + "-999999.tmp"));
    Path other = Files.createFile(place.resolve("attention4j-weights.txt"));
    for (Path file : List.of(old, live, other)) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    }
    try (Session session =
        new OnnxEngine().open(PROGRAM, stored(DType.F32), options("int8_dynamic", "all"))) {
      session.run(INPUTS);
    }
    assertEquals(
        List.of(young, live, other).stream().sorted().toList(),
        in(place).stream().sorted().toList());
  }
}
