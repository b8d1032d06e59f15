package org.attention4j.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.attention4j.conformance.golden.GoldenFolder;
import org.attention4j.conformance.onnx.NodeTests;
import org.attention4j.error.StorageException;

/**
 * Small copies of recorded cases inside the jar, so that the kit has some without any folder. They
 * are unpacked to a temporary folder while they are read.
 */
final class BuiltIn {
  private static final String ROOT = "recorded/";

  private BuiltIn() {}

  static Catalogue golden() {
    return read("golden", GoldenFolder::read);
  }

  static Catalogue nodeTests() {
    return read("onnx", NodeTests::read);
  }

  private interface Reader {
    Catalogue read(Path folder);
  }

  private static Catalogue read(String part, Reader reader) {
    try {
      Path folder = Files.createTempDirectory("attention4j-recorded");
      try {
        for (String name : index()) {
          if (name.startsWith(part + "/")) {
            unpack(name, folder.resolve(name));
          }
        }
        return reader.read(folder.resolve(part));
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new StorageException("cannot unpack the recorded cases: " + e, e);
    }
  }

  private static Iterable<String> index() throws IOException {
    try (InputStream in = open("index.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static InputStream open(String name) throws IOException {
    InputStream in = BuiltIn.class.getResourceAsStream(ROOT + name);
    if (in == null) {
      throw new IOException("the jar has no " + ROOT + name);
    }
    return in;
  }

  private static void unpack(String name, Path target) throws IOException {
    Files.createDirectories(target.resolveSibling("."));
    try (InputStream in = open(name)) {
      Files.copy(in, target);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
