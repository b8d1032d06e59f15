package org.attention4j.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Loads the native library once, on first use, and keeps what came of it. Nothing is thrown:
 * whoever needs the library gets the reason why it is not there.
 *
 * <p>With the system property {@value #PATH_PROPERTY} exactly that file is loaded, or none.
 */
final class NativeLibrary {
  /** Names the library file to load; there is no fallback. */
  static final String PATH_PROPERTY = "attention4j.native.path";

  private static @Nullable NativeLibrary loaded;

  private final @Nullable Path path;
  private final String reason;

  private NativeLibrary(@Nullable Path path, String reason) {
    this.path = path;
    this.reason = reason;
  }

  /** The library, loaded or not. */
  static synchronized NativeLibrary get() {
    if (loaded == null) {
      loaded = load();
    }
    return loaded;
  }

  boolean available() {
    return reason.isEmpty();
  }

  /** Why it is not available; empty if it is. */
  String reason() {
    return reason;
  }

  /** The file that was loaded; null if none was. */
  @Nullable Path path() {
    return path;
  }

  /** Facts for people. */
  List<String> details() {
    return path == null ? List.of() : List.of("library " + path);
  }

  private static NativeLibrary load() {
    String explicit = System.getProperty(PATH_PROPERTY);
    if (explicit != null) {
      return loadExplicit(explicit);
    }
    PackagedLibrary packaged;
    try {
      packaged = PackagedLibrary.find();
    } catch (IOException e) {
      return new NativeLibrary(null, String.valueOf(e.getMessage()));
    }
    try {
      Path file = packaged.extract();
      return open(file, packaged.version());
    } catch (IOException e) {
      return new NativeLibrary(null, "the native kernels cannot be unpacked: " + e);
    }
  }

  private static NativeLibrary loadExplicit(String explicit) {
    String named = PATH_PROPERTY + "=" + explicit;
    Path path = Path.of(explicit).toAbsolutePath();
    if (!Files.isRegularFile(path)) {
      return new NativeLibrary(null, named + " is not a file");
    }
    NativeLibrary library = open(path, null);
    return library.available() ? library : new NativeLibrary(null, named + ": " + library.reason);
  }

  /**
   * @param version that it must have; null for any
   */
  private static NativeLibrary open(Path file, @Nullable String version) {
    try {
      System.load(file.toString());
      return new NativeLibrary(file, check(version));
    } catch (LinkageError | RuntimeException e) {
      return new NativeLibrary(null, "the native library does not load: " + e.getMessage());
    }
  }

  /** What is wrong with the library that was just loaded; empty if nothing. */
  private static String check(@Nullable String version) {
    int abi = NativeCalls.abiVersion();
    if (abi != NativeCalls.ABI_VERSION) {
      return "the native library has interface version " + abi + ", not " + NativeCalls.ABI_VERSION;
    }
    if (version != null && !version.equals(NativeCalls.version())) {
      return "the native library is version " + NativeCalls.version() + ", not " + version;
    }
    String failure = NativeCalls.selfTest();
    return failure == null ? "" : failure;
  }
}
