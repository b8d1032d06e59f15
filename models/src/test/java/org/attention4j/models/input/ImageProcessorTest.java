package org.attention4j.models.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.StorageException;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Pictures as models read them")
class ImageProcessorTest {
  private static final Path RECORDED = Path.of("src/test/resources/images");
  private static final Weights EXPECTED = Weights.load(RECORDED.resolve("expected.safetensors"));

  @TempDir Path directory;

  static Stream<String> cases() {
    return EXPECTED.names().stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  @DisplayName("agree with transformers' processors, recorded by src/test/fixtures/images.py")
  void agree(String name) {
    String[] parts = name.split("/", 2);
    ImageProcessor processor = ImageProcessor.read(RECORDED.resolve(parts[0]));
    HostTensor pixels = processor.pixels(RgbImage.read(RECORDED.resolve(parts[1])));
    HostTensor expected = EXPECTED.get(name);
    assertArrayEquals(new long[] {1, 3, expected.dim(1), expected.dim(2)}, pixels.shape());
    float allowed = parts[1].equals("lossy_rough.webp") ? 0.03f : 1e-6f; // the library's decoder
    assertArrayEquals(expected.toFloatArray(), pixels.toFloatArray(), allowed);
  }

  private Path configured(String json) throws IOException {
    Files.writeString(directory.resolve(ImageProcessor.FILE), json);
    return directory;
  }

  @Test
  @DisplayName("are read as processor_config.json says, where transformers 5 writes one")
  void together() throws IOException {
    Path clip = RECORDED.resolve("clip");
    String own = Files.readString(clip.resolve(ImageProcessor.FILE));
    Files.writeString(
        directory.resolve("processor_config.json"),
        "{\"image_processor\": " + own + ", \"processor_class\": \"CLIPProcessor\"}");
    assertEquals(ImageProcessor.read(clip), ImageProcessor.read(directory));
    Files.copy(
        RECORDED.resolve("vit/" + ImageProcessor.FILE), directory.resolve(ImageProcessor.FILE));
    assertEquals(ImageProcessor.read(clip), ImageProcessor.read(directory));
    Files.writeString(directory.resolve("processor_config.json"), "{}"); // of older releases
    assertEquals(ImageProcessor.read(RECORDED.resolve("vit")), ImageProcessor.read(directory));
  }

  @Test
  @DisplayName("come in batches of one size, or are refused")
  void batches() throws IOException {
    RgbImage small = RgbImage.read(RECORDED.resolve("grey.png"));
    RgbImage large = RgbImage.read(RECORDED.resolve("rgb.png"));
    ImageProcessor vit = ImageProcessor.read(RECORDED.resolve("vit"));
    HostTensor both = vit.pixels(List.of(small, large));
    assertArrayEquals(new long[] {2, 3, 12, 12}, both.shape());
    long each = both.size() / 2;
    assertEquals(vit.pixels(large).getDouble(5), both.getDouble(each + 5));
    ImageProcessor raw =
        ImageProcessor.read(
            configured("{\"image_processor_type\": \"ViTImageProcessor\", \"do_resize\": false}"));
    ShapeException e = assertThrows(ShapeException.class, () -> raw.pixels(List.of(small, large)));
    assertTrue(e.toString().contains("20 x 20"), e.getMessage());
  }

  @Test
  @DisplayName("follow the files of older releases, and their defaults")
  void olderFiles() throws IOException {
    ImageProcessor vit =
        ImageProcessor.read(
            configured("{\"feature_extractor_type\": \"ViTFeatureExtractor\", \"size\": 16}"));
    assertEquals(new ImageProcessor.Size(16, 16), vit.size());
    assertEquals(Resampling.BILINEAR, vit.resampling());
    Files.writeString(directory.resolve("config.json"), "{\"model_type\": \"deit\"}");
    assertEquals(Resampling.BICUBIC, ImageProcessor.read(configured("{}")).resampling());
    ImageProcessor clip =
        ImageProcessor.read(
            configured(
                "{\"feature_extractor_type\": \"CLIPFeatureExtractor\", \"size\": 16,"
                    + " \"crop_size\": 12}"));
    assertEquals(new ImageProcessor.Size(16, 0), clip.size());
    assertEquals(new ImageProcessor.Size(12, 12), clip.crop());
    assertEquals(Resampling.BICUBIC, clip.resampling());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"image_processor_type\": \"SamImageProcessor\"}",
        "{\"image_processor_type\": \"ViTImageProcessor\", \"resample\": 9}",
        "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"width\": 3}}",
        "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 0}",
        "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 2000000000}",
        "{\"image_processor_type\": \"CLIPImageProcessor\", \"size\": {\"shortest_edge\": 99999}}",
        "{\"image_processor_type\": \"ViTImageProcessor\", \"image_mean\": [0.5]}",
        "{\"image_processor_type\": \"ViTImageProcessor\", \"do_pad\": true}",
        "{\"image_processor_type\": \"ViTImageProcessor\", \"do_center_crop\": true}",
      })
  @DisplayName("are not made by a configuration that is wrong or unknown")
  void refusedConfigurations(String json) throws IOException {
    Path folder = configured(json);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> ImageProcessor.read(folder));
    assertTrue(e.toString().contains(ImageProcessor.FILE), e.getMessage());
  }

  @Test
  @DisplayName("are refused with the reason: no file, no picture, more pixels than can be")
  void refusedFiles() throws IOException {
    assertThrows(StorageException.class, () -> RgbImage.read(directory.resolve("none.png")));
    Path text = Files.writeString(directory.resolve("text.png"), "not a picture");
    assertThrows(FileFormatException.class, () -> RgbImage.read(text));
    byte[] huge = Files.readAllBytes(RECORDED.resolve("bits.png"));
    ByteBuffer header = ByteBuffer.wrap(huge);
    header.putInt(16, 13000).putInt(20, 13000); // width and height
    CRC32 check = new CRC32();
    check.update(huge, 12, 17);
    header.putInt(29, (int) check.getValue());
    Path bomb = Files.write(directory.resolve("bomb.png"), huge);
    FileFormatException size = assertThrows(FileFormatException.class, () -> RgbImage.read(bomb));
    assertTrue(size.toString().contains("169000000 pixels"), size.toString());
  }

  @Test
  @DisplayName("that are damaged give a picture or an error of ours, 1050 mutations")
  void mutations() throws IOException {
    Random random = new Random(7);
    List<String> names =
        List.of(
            "rgb.png",
            "palette.png",
            "turned_6.jpg",
            "exact.webp",
            "exact_few.webp",
            "lossy.webp",
            "lossy_rough.webp",
            "turned.webp",
            "moving.webp");
    for (String name : names) {
      byte[] good = Files.readAllBytes(RECORDED.resolve(name));
      int count = name.endsWith(".webp") ? 75 : 200;
      for (int n = 0; n < count; n++) {
        byte[] bad = good.clone();
        for (int i = 0; i <= n % 4; i++) {
          bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
        }
        int length = n % 5 == 0 ? random.nextInt(bad.length) : bad.length;
        Path file = directory.resolve("bad-" + name);
        Files.write(file, java.util.Arrays.copyOf(bad, length));
        try {
          assertTrue(RgbImage.read(file).width() > 0);
        } catch (AttentionException e) {
          assertTrue(e.toString().contains("bad-" + name), e.getMessage());
        }
      }
    }
  }

  @Test
  @DisplayName("stand upright where Exif data are cut off or point outside")
  void orientation() {
    byte[] tiff = new byte[26];
    ByteBuffer buffer = ByteBuffer.wrap(tiff);
    buffer.put((byte) 'M').put((byte) 'M').putShort((short) 42).putInt(8).putShort((short) 1);
    buffer.putShort((short) 274).putShort((short) 3).putInt(1).putShort((short) 6);
    assertEquals(6, Orientation.ofTiff(ByteBuffer.wrap(tiff)));
    for (int length = 0; length < 22; length++) {
      assertEquals(1, Orientation.ofTiff(ByteBuffer.wrap(java.util.Arrays.copyOf(tiff, length))));
    }
    ByteBuffer.wrap(tiff).putInt(4, Integer.MAX_VALUE);
    assertEquals(1, Orientation.ofTiff(ByteBuffer.wrap(tiff)));
  }
}
