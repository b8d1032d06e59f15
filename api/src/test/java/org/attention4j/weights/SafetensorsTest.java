package org.attention4j.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.MemoryException;
import org.attention4j.error.StorageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A safetensors file")
class SafetensorsTest {
  @TempDir Path directory;

  @Test
  @DisplayName("gives back every dtype and rank bit by bit, read-only, with the metadata")
  void roundTrip() {
    Weights weights = Samples.ofEveryKind(1);
    Path file = directory.resolve("all.safetensors");
    weights.save(file);
    Weights loaded = Weights.load(file);
    assertSame(weights, loaded);
    assertEquals(weights.metadata(), loaded.metadata());
    assertTrue(
        loaded.tensors().values().stream()
            .filter(t -> t.size() > 0)
            .allMatch(HostTensor::isReadOnly));
    loaded.copied().get("f32.cube").set(0, 1.0);
  }

  private static void assertSame(Weights expected, Weights actual) {
    assertEquals(expected.names(), new HashSet<>(actual.names()));
    expected
        .tensors()
        .forEach(
            (name, t) -> assertTrue(t.equalsExactly(actual.get(name)), () -> name + " differs"));
  }

  @Test
  @DisplayName("has the same bytes for the same weights in any order, and aligned tensors")
  void deterministic() throws IOException {
    Weights weights = Samples.ofEveryKind(2);
    List<String> names = new ArrayList<>(weights.names());
    Collections.reverse(names);
    Map<String, HostTensor> reversed = new LinkedHashMap<>();
    names.forEach(name -> reversed.put(name, weights.get(name)));
    Path a = directory.resolve("a.safetensors");
    Path b = directory.resolve("b.safetensors");
    weights.save(a);
    Weights.of(reversed, weights.metadata()).save(b);
    assertEquals(-1, Files.mismatch(a, b));
    Weights.load(a)
        .tensors()
        .forEach(
            (name, t) -> assertEquals(0, t.buffer().alignmentOffset(0, t.dtype().bytes()), name));
  }

  @Test
  @DisplayName("may be replaced while its old tensors are still in use")
  void replacedWhileMapped() {
    Path file = directory.resolve("w.safetensors");
    Weights.of(Map.of("a", HostTensor.scalar(1f))).save(file);
    Weights old = Weights.load(file);
    old.with("a", HostTensor.scalar(2f)).save(file);
    old.save(directory.resolve("copy.safetensors"));
    assertEquals(1, old.get("a").getDouble(0));
    assertEquals(2, Weights.load(file).get("a").getDouble(0));
  }

  @Test
  @DisplayName("may be empty of tensors")
  void empty() {
    Path file = directory.resolve("empty.safetensors");
    Weights.empty().save(file);
    assertEquals(0, Weights.load(file).names().size());
  }

  @Test
  @DisplayName("of more than 2 GiB is mapped in parts, each tensor below 2 GiB")
  void large() throws IOException {
    long each = 1_500_000_000;
    String header = "";
    for (int i = 0; i < 3; i++) {
      header += entry("t" + i, "U8", "[" + each + "]", i * each, (i + 1) * each) + ",";
    }
    header += entry("u", "F32", "[2]", 3 * each, 3 * each + 8);
    byte[] json = ("{" + header + "}").getBytes(StandardCharsets.US_ASCII);
    Path file = directory.resolve("sparse.safetensors");
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
      out.write(start.putLong(json.length).put(json).flip());
      ByteBuffer end = ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN);
      out.write(
          end.put((byte) 7).putFloat(1.5f).putFloat(-2).flip(), 8 + json.length + 3 * each - 1);
    }
    Weights weights = Weights.load(file);
    assertEquals(7, weights.get("t2").getLong(each - 1));
    assertEquals(0, weights.get("t1").getLong(each - 1));
    assertArrayEquals(new float[] {1.5f, -2}, weights.get("u").toFloatArray());
    assertEquals(3 * each + 2, weights.parameterCount());
  }

  @Test
  @DisplayName("with a tensor of 2 GiB is refused for its size, not called corrupt")
  void tensorTooLarge() throws IOException {
    Path file =
        Samples.file(directory, "{" + entry("t", "U8", "[2147483648]", 0, 1L << 31) + "}", 0);
    try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.allocate(1), Files.size(file) + (1L << 31) - 1);
    }
    assertThrows(MemoryException.class, () -> Weights.load(file));
  }

  @Test
  @DisplayName("with unaligned tensors, which the format allows, is read by copying them")
  void unaligned() throws IOException {
    String json = "{" + entry("a", "U8", "[1]", 0, 1) + "," + entry("b", "F64", "[1]", 1, 9) + "}";
    Path file = Samples.file(directory, json, 0);
    ByteBuffer data = ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(file, data.put((byte) 3).putDouble(Math.PI).array(), StandardOpenOption.APPEND);
    HostTensor b = Weights.load(file).get("b");
    assertEquals(Math.PI, b.getDouble(0));
    assertEquals(0, b.buffer().alignmentOffset(0, 8));
  }

  @Test
  @DisplayName("may list its tensors in another order than their bytes")
  void anyListingOrder() throws IOException {
    String json = "{" + entry("b", "U8", "[2]", 1, 3) + "," + entry("a", "U8", "[1]", 0, 1) + "}  ";
    assertEquals(2, Weights.load(Samples.file(directory, json, 3)).get("b").size());
  }

  @Test
  @DisplayName("that is missing, or a directory, is named")
  void missing() {
    Path nowhere = directory.resolve("nowhere.safetensors");
    StorageException e = assertThrows(StorageException.class, () -> Weights.load(nowhere));
    assertTrue(String.valueOf(e.getMessage()).contains("nowhere.safetensors"), e::getMessage);
    e = assertThrows(StorageException.class, () -> Weights.load(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("model.safetensors"), e::getMessage);
  }

  // ---- hostile headers: what the header says, how many bytes follow, what the error must say

  private static String entry(String name, String dtype, String shape, long begin, long end) {
    return String.format(
        "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
        name, dtype, shape, begin, end);
  }

  private void refused(String json, int dataBytes, String... parts) throws IOException {
    Path file = Samples.file(directory, json, dataBytes);
    FileFormatException e = assertThrows(FileFormatException.class, () -> Weights.load(file), json);
    assertTrue(String.valueOf(e.getMessage()).startsWith(file.toString()), e::getMessage);
    for (String part : parts) {
      assertTrue(String.valueOf(e.getMessage()).contains(part), () -> part + " not in: " + e);
    }
  }

  @Test
  @DisplayName("is refused when offsets overlap, leave gaps, run backwards or beyond the file")
  void offsets() throws IOException {
    String a = entry("a", "U8", "[4]", 0, 4) + ",";
    refused("{" + a + entry("b", "U8", "[4]", 2, 6) + "}", 8, "'b'", "inside", "begin at 4");
    refused("{" + a + entry("b", "U8", "[4]", 5, 9) + "}", 9, "'b'", "gap", "begin at 4");
    refused("{" + a + entry("b", "U8", "[4]", 4, 8) + "}", 7, "'b'", "beyond the 7 bytes");
    refused("{" + a + entry("b", "U8", "[4]", 4, 8) + "}", 9, "the last 1 byte;", "8 bytes long");
    refused("{" + entry("a", "U8", "[0]", 4, 0) + "}", 4, "'a'", "[4, 0]", "begin <= end");
    refused("{" + entry("a", "U8", "[4]", -4, 0) + "}", 4, "'a'", "negative offsets: -4");
    refused("{" + entry("a", "U8", "[4]", 4, 8) + "}", 8, "'a'", "gap", "begin at 0");
  }

  @Test
  @DisplayName("is refused when a size does not match dtype times shape, or overflows")
  void sizes() throws IOException {
    refused("{" + entry("a", "F32", "[4]", 0, 4) + "}", 4, "'a'", "f32[4]", "16 bytes", "has 4");
    refused("{" + entry("a", "F32", "[]", 0, 8) + "}", 8, "'a'", "f32[]", "takes 4 bytes");
    refused("{" + entry("a", "U8", "[-4]", 0, 4) + "}", 4, "'a'", "negative extents: -4");
    String wraps = "[4294967296,4294967296]";
    refused("{" + entry("a", "U8", wraps, 0, 0) + "}", 0, "'a'", "more bytes than any file");
    refused("{" + entry("a", "F64", "[2305843009213693952]", 0, 0) + "}", 0, "'a'", "more bytes");
    refused("{" + entry("a", "U8", "[1e2]", 0, 100) + "}", 100, "an integer");
    refused("{" + entry("a", "U8", "[18446744073709551616]", 0, 0) + "}", 0, "an integer");
    String many = "[1" + ",1".repeat(100) + "]";
    refused("{" + entry("a", "U8", many, 0, 1) + "}", 1, "'a'", "more than 64 extents");
  }

  @Test
  @DisplayName("is refused with an unknown dtype, a missing, unknown or repeated field or name")
  void fields() throws IOException {
    refused("{" + entry("a", "C128", "[1]", 0, 16) + "}", 16, "'a'", "'C128'", "known: F64, F32");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0, "'a'", "lacks", "data_offsets");
    refused("{\"a\":{\"type\":\"U8\"}}", 0, "'a'", "unknown field 'type'");
    refused("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "'dtype' comes twice");
    String a = entry("a", "U8", "[0]", 0, 0);
    refused("{" + a + "," + a + "}", 0, "'a' comes twice");
    refused("{" + entry("", "U8", "[0]", 0, 0) + "}", 0, "a tensor's name");
    refused("{" + entry("a\\u0000b", "U8", "[0]", 0, 0) + "}", 0, "control characters");
    refused("{\"a\":{\"data_offsets\":[0,0,0]}}", 0, "'a'", "more than 2 offsets");
    refused("{\"a\":{\"data_offsets\":\"0\"}}", 0, "expected an array");
    refused("{\"__metadata__\":{\"a\":1}}", 0, "expected a string");
    refused("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "'a' comes twice");
  }

  @Test
  @DisplayName("is refused when its header is no JSON object, nested too deep, or not UTF-8")
  void notJson() throws IOException {
    refused("", 0, "must begin with '{'");
    refused(" {}", 0, "must begin with '{'");
    refused("[]", 0, "must begin with '{'");
    refused("{} {}", 0, "more text");
    refused("{\"a\":" + "[".repeat(1_000_000), 0, "expected an object");
    refused("{\"a\":{\"shape\":" + "[".repeat(1_000_000), 0, "expected a digit");
    byte[] notUtf8 = "{\"__metadata__\":{\"a\":\"?\"}}".getBytes(StandardCharsets.US_ASCII);
    notUtf8[22] = (byte) 0xff;
    Path file = Samples.file(directory, notUtf8, 0);
    FileFormatException e = assertThrows(FileFormatException.class, () -> Weights.load(file));
    assertTrue(String.valueOf(e.getMessage()).contains("not valid UTF-8"), e::getMessage);
    assertEquals(8 + 22, e.offset().orElseThrow());
  }

  @Test
  @DisplayName("is refused when its header claims to be longer than the file, or than any header")
  void headerLength() throws IOException {
    for (long claim : new long[] {10_000_000_000L, 100_000_001, -1, Long.MIN_VALUE, 3, 1L << 40}) {
      Path file = directory.resolve("claim" + claim + ".safetensors");
      ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(claim);
      Files.write(file, bytes.put((byte) '{').put((byte) '}').array());
      FileFormatException e = assertThrows(FileFormatException.class, () -> Weights.load(file));
      String said = Long.toUnsignedString(claim);
      assertTrue(String.valueOf(e.getMessage()).contains(said), e::getMessage);
    }
    for (int length = 0; length < 8; length++) {
      Path file = Files.write(directory.resolve("short" + length), new byte[length]);
      assertThrows(FileFormatException.class, () -> Weights.load(file));
    }
  }

  @Test
  @DisplayName("is refused when a bool is neither 0 nor 1")
  void notTruth() throws IOException {
    Path file = Samples.file(directory, "{" + entry("a", "BOOL", "[3]", 0, 3) + "}", 0);
    Files.write(file, new byte[] {0, 1, 2}, StandardOpenOption.APPEND);
    FileFormatException e = assertThrows(FileFormatException.class, () -> Weights.load(file));
    assertTrue(String.valueOf(e.getMessage()).contains("element 2 is 2"), e::getMessage);
  }

  @Test
  @DisplayName("is refused with more tensors than any model has, within bounded memory")
  void tooManyTensors() throws IOException {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i <= SafetensorsHeader.MAX_TENSORS; i++) {
      json.append(i == 0 ? "" : ",").append(entry("" + i, DType.U8.name(), "[0]", 0, 0));
    }
    refused(json.append('}').toString(), 0, "more than 200000 tensors");
  }

  @Test
  @DisplayName("is refused with endless metadata, strings or numbers, before they are held")
  void endless() throws IOException {
    StringBuilder json = new StringBuilder("{\"__metadata__\":{");
    for (int i = 0; i <= SafetensorsHeader.MAX_STRINGS; i++) {
      json.append(i == 0 ? "" : ",").append('"').append(i).append("\":\"\"");
    }
    refused(json.append("}}").toString(), 0, "more than 100000 strings");
    refused("{\"__metadata__\":{\"a\":\"" + "b".repeat(17 << 20) + "\"}}", 0, "a string of more");
    refused("{\"a\":{\"shape\":[" + "1".repeat(1001) + "]}}", 0, "a number of more");
    refused("{" + entry("a".repeat(5000), "U8", "[0]", 0, 0) + "}", 0, "1 to 4096 characters");
  }
}
