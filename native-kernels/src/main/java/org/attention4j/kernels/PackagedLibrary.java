package org.attention4j.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Properties;

/**
 * The library in this jar, and its way to a file.
 *
 * <p>It is unpacked once a version into the user's cache folder, under a name that holds its hash:
 * written beside, then moved into place, so that processes starting together do not see half of it.
 * A file that is there is used only if its content is what the jar holds.
 *
 * @param version of the library
 * @param file its name
 * @param sha256 of its content, hexadecimal
 */
record PackagedLibrary(String version, String file, String sha256) {
  /** Where the build describes what it made. */
  private static final String FOLDER = "/META-INF/native/";

  /** Names another cache folder. */
  static final String CACHE_PROPERTY = "attention4j.native.cache";

  /**
   * Reads the description in the jar.
   *
   * @throws IOException whose message says why there is no library for this platform
   */
  static PackagedLibrary find() throws IOException {
    Properties built = new Properties();
    try (InputStream in =
        PackagedLibrary.class.getResourceAsStream(FOLDER + "attention4j-kernels.properties")) {
      if (in == null) {
        throw new IOException("this build of attention4j has no native kernels");
      }
      built.load(in);
    }
    String reason = built.getProperty("reason", "");
    if (!reason.isEmpty()) {
      throw new IOException(reason);
    }
    String platform = built.getProperty("platform", "");
    if (!platform.equals(Platform.name())) {
      throw new IOException(
          "the native kernels were built for " + platform + ", this is " + Platform.name());
    }
    return new PackagedLibrary(
        built.getProperty("version", ""),
        built.getProperty("file", ""),
        built.getProperty("sha256", ""));
  }

  /** The unpacked file, with the content that it must have. */
  Path extract() throws IOException {
    Path folder = cacheFolder();
    Path target = folder.resolve(file);
    if (Files.isRegularFile(target) && sha256.equals(hash(Files.readAllBytes(target)))) {
      return target;
    }
    byte[] content = content();
    Path fresh = Files.createTempFile(folder, file, ".tmp"); // readable by its owner only
    try {
      Files.write(fresh, content);
      Files.move(
          fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
    return target;
  }

  private byte[] content() throws IOException {
    String name = FOLDER + Platform.name() + "/" + file;
    try (InputStream in = PackagedLibrary.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("the jar lacks " + name);
      }
      byte[] bytes = in.readAllBytes();
      if (!sha256.equals(hash(bytes))) {
        throw new IOException(name + " in the jar is damaged: its hash is not the build's");
      }
      return bytes;
    }
  }

  /** Only the user may write there: what lies in it is loaded as code. */
  private Path cacheFolder() throws IOException {
    String chosen = System.getProperty(CACHE_PROPERTY);
    Path base =
        chosen != null
            ? Path.of(chosen)
            : Path.of(System.getProperty("user.home", "."), ".cache", "attention4j");
    String entry = version + "-" + sha256.substring(0, Math.min(16, sha256.length()));
    try {
      Path folder = Files.createDirectories(base.resolve("native").resolve(entry));
      if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
      }
      if (Files.isWritable(folder)) {
        return folder;
      }
    } catch (IOException e) {
      if (chosen != null) {
        throw e;
      }
    }
    if (chosen != null) {
      throw new IOException(CACHE_PROPERTY + "=" + chosen + " is not writable");
    }
    Path temporary = Files.createTempDirectory("attention4j-native");
    temporary.toFile().deleteOnExit();
    temporary.resolve(file).toFile().deleteOnExit();
    return temporary;
  }

  private static String hash(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
