package org.attention4j.weights;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.attention4j.error.Count;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.json.JsonReader;
import org.attention4j.json.JsonWriter;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file: 8 bytes with the length of a JSON object (unsigned,
 * little-endian), then that object, which tells each tensor's dtype, shape and place in the bytes
 * that follow. The tensors tile those bytes: no gap, no overlap, nothing after the last.
 *
 * @param entries the tensors, in the order of their bytes
 * @param metadata the strings under {@code __metadata__}
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {
  static final String METADATA = "__metadata__";

  /** What the format itself allows. */
  static final long MAX_BYTES = 100_000_000;

  /** Beyond any real model; these bound what a hostile header can make us hold. */
  static final int MAX_TENSORS = 200_000;

  static final int MAX_STRINGS = 100_000;

  /** Where the tensor lies: from {@code begin}, up to {@code end}, counted after the header. */
  record Entry(String name, DType dtype, List<Long> extents, long begin, long end) {
    long[] shape() {
      return extents.stream().mapToLong(Long::longValue).toArray();
    }

    long bytes() {
      return end - begin;
    }
  }

  /**
   * Checks everything that the header claims.
   *
   * @param json the header, without the 8 bytes before it
   * @param dataBytes how many bytes follow it in the file
   */
  static SafetensorsHeader parse(Path file, ByteBuffer json, long dataBytes) {
    JsonReader reader = new JsonReader(file, 8, json);
    if (!json.hasRemaining() || json.get(json.position()) != '{') {
      throw new FileFormatException(file, 8, "a safetensors header must begin with '{'");
    }
    List<Entry> entries = new ArrayList<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    reader.object(
        name -> {
          if (name.equals(METADATA)) {
            reader.object(
                key -> {
                  if (metadata.size() == MAX_STRINGS) {
                    throw reader.failure("more than " + MAX_STRINGS + " strings of metadata");
                  }
                  metadata.put(key, reader.string());
                });
          } else {
            if (entries.size() == MAX_TENSORS) {
              throw reader.failure("more than " + MAX_TENSORS + " tensors in one file");
            }
            entries.add(entry(file, reader, name));
          }
        });
    reader.end();
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    requireTiling(file, entries, dataBytes);
    return new SafetensorsHeader(List.copyOf(entries), metadata);
  }

  private static Entry entry(Path file, JsonReader reader, String name) {
    WeightNames.problem(name)
        .ifPresent(
            problem -> {
              throw reader.failure(problem);
            });
    EntryFields fields = new EntryFields(file, name, reader);
    reader.object(fields::read);
    return fields.entry();
  }

  private static void requireTiling(Path file, List<Entry> entries, long dataBytes) {
    long reached = 0;
    for (Entry e : entries) {
      if (e.begin != reached) {
        throw about(
            file,
            e.name,
            "begins at data offset "
                + e.begin
                + (e.begin < reached ? ", inside the tensor before it" : ", after a gap")
                + "; it should begin at "
                + reached);
      }
      if (e.end > dataBytes) {
        throw about(
            file,
            e.name,
            "ends at data offset "
                + e.end
                + ", beyond the "
                + Count.of(dataBytes, "byte")
                + " of data");
      }
      reached = e.end;
    }
    if (reached != dataBytes) {
      throw new FileFormatException(
          file,
          "no tensor has the last "
              + Count.of(dataBytes - reached, "byte")
              + "; the data should be "
              + Count.of(reached, "byte")
              + " long");
    }
  }

  static FileFormatException about(Path file, String tensor, String problem) {
    return new FileFormatException(file, "tensor '" + tensor + "' " + problem);
  }

  /** The three fields of one tensor, as they come. */
  private static final class EntryFields {
    private final Path file;
    private final String name;
    private final JsonReader reader;
    private @Nullable DType dtype;
    private @Nullable List<Long> shape;
    private @Nullable List<Long> offsets;

    EntryFields(Path file, String name, JsonReader reader) {
      this.file = file;
      this.name = name;
      this.reader = reader;
    }

    void read(String field) {
      switch (field) {
        case "dtype" -> dtype = dtype(reader.string());
        case "shape" -> shape = longs("extents", HostTensor.MAX_RANK);
        case "data_offsets" -> offsets = longs("offsets", 2);
        default -> throw about(file, name, "has the unknown field '" + field + "'");
      }
    }

    private DType dtype(String text) {
      return DType.fromSafetensors(text)
          .orElseThrow(
              () ->
                  about(
                      file,
                      name,
                      "has the dtype '"
                          + text
                          + "'; known: "
                          + EnumSet.allOf(DType.class).stream()
                              .map(DType::safetensorsName)
                              .collect(Collectors.joining(", "))));
    }

    private List<Long> longs(String what, int limit) {
      List<Long> values = new ArrayList<>();
      reader.array(
          () -> {
            long value = reader.integer();
            if (value < 0) {
              throw about(file, name, "has negative " + what + ": " + value);
            }
            if (values.size() == limit) {
              throw about(file, name, "has more than " + limit + " " + what);
            }
            values.add(value);
          });
      return values;
    }

    Entry entry() {
      if (dtype == null || shape == null || offsets == null) {
        throw about(file, name, "lacks one of the fields dtype, shape and data_offsets");
      }
      if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
        throw about(
            file,
            name,
            "has data_offsets " + offsets + "; they should be [begin, end], begin <= end");
      }
      long begin = offsets.get(0);
      long end = offsets.get(1);
      long bytes = bytes(dtype, shape);
      if (bytes != end - begin) {
        throw about(
            file,
            name,
            "is "
                + dtype.label()
                + shape
                + ", which takes "
                + (bytes < 0 ? "more bytes than any file has" : Count.of(bytes, "byte"))
                + ", but has "
                + (end - begin)
                + " from offset "
                + begin
                + " to "
                + end);
      }
      return new Entry(name, dtype, shape, begin, end);
    }

    /** The bytes of a tensor, or -1 if they overflow. */
    private static long bytes(DType dtype, List<Long> shape) {
      if (shape.contains(0L)) {
        return 0;
      }
      try {
        return shape.stream().reduce((long) dtype.bytes(), Math::multiplyExact);
      } catch (ArithmeticException e) {
        return -1;
      }
    }
  }

  /** The widest first, so that each is aligned; in detail as the format's own library does. */
  private static final List<DType> ORDER =
      List.of(
          DType.I64,
          DType.F64,
          DType.F32,
          DType.I32,
          DType.BF16,
          DType.F16,
          DType.I8,
          DType.U8,
          DType.BOOL);

  /** Lays out tensors by dtype, then by name, so that equal weights give equal files. */
  static SafetensorsHeader layOut(Weights weights) {
    List<String> names = new ArrayList<>(weights.names());
    names.sort(
        Comparator.comparingInt((String name) -> ORDER.indexOf(weights.get(name).dtype()))
            .thenComparing(Comparator.naturalOrder()));
    List<Entry> entries = new ArrayList<>();
    long at = 0;
    for (String name : names) {
      HostTensor t = weights.get(name);
      long end = Math.addExact(at, t.size() * t.dtype().bytes());
      entries.add(new Entry(name, t.dtype(), Arrays.stream(t.shape()).boxed().toList(), at, end));
      at = end;
    }
    return new SafetensorsHeader(entries, weights.metadata());
  }

  /** The bytes before the data: length and JSON, padded to a multiple of 8. */
  ByteBuffer encode() {
    Map<String, Object> json = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      json.put(METADATA, metadata);
    }
    for (Entry e : entries) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("dtype", e.dtype.safetensorsName());
      fields.put("shape", e.extents);
      fields.put("data_offsets", List.of(e.begin, e.end));
      json.put(e.name, fields);
    }
    byte[] text = JsonWriter.write(json).getBytes(StandardCharsets.US_ASCII);
    int padded = Math.addExact(text.length, Math.floorMod(-text.length, 8));
    if (padded > MAX_BYTES) {
      throw new UsageException(
          "the header of these weights would take "
              + padded
              + " bytes; a safetensors file allows "
              + MAX_BYTES);
    }
    ByteBuffer out = Safetensors.buffer(8 + padded).putLong(padded).put(text);
    while (out.hasRemaining()) {
      out.put((byte) ' ');
    }
    return out.flip();
  }
}
