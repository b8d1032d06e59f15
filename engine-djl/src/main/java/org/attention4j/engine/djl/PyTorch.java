package org.attention4j.engine.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.attention4j.error.EngineException;
import org.attention4j.tensor.Device;
import org.jspecify.annotations.Nullable;

/**
 * Starts PyTorch through DJL, once a process: offline, without telemetry, on the libraries that are
 * on the class path or where {@code PYTORCH_LIBRARY_PATH} points.
 *
 * <p>The first start on a machine unpacks the libraries into DJL's cache ({@code DJL_CACHE_DIR},
 * otherwise {@code ~/.djl.ai}). Thread-safe.
 */
final class PyTorch {
  /** The version of the libraries that DJL's JNI layer was built for. */
  static final String VERSION = "2.7.1";

  private static final String BUNDLED = "native/lib/pytorch.properties";
  private static final Object LOCK = new Object();
  private static @Nullable PyTorch started;

  private final Engine engine;
  private final int defaultThreads;

  private PyTorch(Engine engine) {
    this.engine = engine;
    this.defaultThreads = JniUtils.getNumThreads();
  }

  /**
   * Starts PyTorch, or returns the one that runs.
   *
   * @throws EngineException if there is no library for this platform, or it does not load
   */
  static PyTorch start() {
    synchronized (LOCK) {
      PyTorch result = started;
      if (result == null) {
        result = load();
        started = result;
      }
      return result;
    }
  }

  /** Why PyTorch cannot start here; empty if nothing speaks against it. Loads nothing. */
  static List<String> obstacles() {
    String path = libraryPath();
    if (path != null) {
      return libraryIn(path)
          ? List.of()
          : List.of(
              "PYTORCH_LIBRARY_PATH is "
                  + path
                  + ", which holds no "
                  + System.mapLibraryName("torch"));
    }
    List<String> bundled = bundledPlatforms();
    if (bundled.isEmpty()) {
      return List.of(
          "no PyTorch library on the class path and PYTORCH_LIBRARY_PATH is not set; add"
              + " ai.djl.pytorch:pytorch-native-cpu:"
              + VERSION
              + " for "
              + platform());
    }
    if (!bundled.contains(platform())) {
      return List.of(
          "the PyTorch libraries on the class path are for "
              + String.join(", ", bundled)
              + ", this machine is "
              + platform());
    }
    return List.of();
  }

  private static PyTorch load() {
    List<String> obstacles = obstacles();
    if (!obstacles.isEmpty()) {
      throw EngineException.unavailable("engine", "djl", obstacles, List.of());
    }
    // Before DJL's classes load: its Engine reports home from a static initialiser.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
    if (System.getProperty("ai.djl.pytorch.graph_optimizer") == null) {
      System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
    }
    try {
      return new PyTorch(Engine.getEngine("PyTorch"));
    } catch (RuntimeException | LinkageError | AssertionError e) {
      throw new EngineException(
          "PyTorch " + VERSION + " did not load on " + platform() + ": " + rootMessage(e), e);
    }
  }

  private static String rootMessage(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getClass().getSimpleName() + ": " + cause.getMessage();
  }

  private static @Nullable String libraryPath() {
    String path = System.getenv("PYTORCH_LIBRARY_PATH");
    return path != null ? path : System.getProperty("PYTORCH_LIBRARY_PATH");
  }

  private static boolean libraryIn(String path) {
    String library = System.mapLibraryName("torch");
    return Arrays.stream(path.split(File.pathSeparator, -1))
        .map(Path::of)
        .anyMatch(
            entry ->
                entry.endsWith(library)
                    ? Files.isRegularFile(entry)
                    : Files.isRegularFile(entry.resolve(library)));
  }

  /** Platforms such as {@code linux-x86_64} whose libraries are on the class path. */
  private static List<String> bundledPlatforms() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    if (loader == null) {
      loader = PyTorch.class.getClassLoader();
    }
    List<String> platforms = new ArrayList<>();
    try {
      for (URL url : Collections.list(loader.getResources(BUNDLED))) {
        Properties properties = new Properties();
        try (InputStream in = url.openStream()) {
          properties.load(in);
        }
        String classifier = properties.getProperty("classifier", "");
        // "cpu-linux-x86_64" in older packages, "linux-x86_64" in newer ones
        platforms.add(classifier.replaceFirst("^(cpu|cu\\d+)-", ""));
      }
    } catch (IOException e) {
      throw new EngineException("cannot read " + BUNDLED + " from the class path", e);
    }
    return platforms;
  }

  private static String platform() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String prefix = os.startsWith("win") ? "win" : os.startsWith("mac") ? "osx" : os;
    String arch = System.getProperty("os.arch", "");
    return prefix + "-" + ("amd64".equals(arch) ? "x86_64" : arch);
  }

  String version() {
    return engine.getVersion();
  }

  /** What can be computed on, the CPU first. */
  List<Device> devices() {
    List<Device> devices = new ArrayList<>();
    devices.add(Device.cpu());
    if (engine.hasCapability("CUDA")) {
      for (int i = 0; i < engine.getGpuCount(); i++) {
        devices.add(Device.gpu(i));
      }
    }
    return devices;
  }

  /**
   * DJL's name for a device.
   *
   * @throws EngineException if it is not here; the message lists what is
   */
  ai.djl.Device device(Device wanted) {
    List<Device> devices = devices();
    if (!devices.contains(wanted)) {
      String reason =
          engine.hasCapability("CUDA")
              ? "PyTorch does not see it"
              : "this PyTorch is built without CUDA";
      throw EngineException.unavailable(
          "device", wanted.toString(), List.of(reason), names(devices));
    }
    return wanted.equals(Device.cpu()) ? ai.djl.Device.cpu() : ai.djl.Device.gpu(wanted.index());
  }

  /** Facts for people. */
  List<String> details() {
    return List.of(
        "PyTorch " + version(),
        "threads " + defaultThreads,
        "capabilities "
            + List.of("MKL", "MKLDNN", "OPENMP", "CUDA").stream()
                .filter(engine::hasCapability)
                .toList());
  }

  private static List<String> names(List<Device> devices) {
    return devices.stream().map(Device::toString).toList();
  }

  /**
   * A manager for a device; its owner closes it.
   *
   * @throws EngineException if the device is not here
   */
  NDManager manager(Device wanted) {
    return engine.newBaseManager(device(wanted));
  }

  /** Lets operations called from this thread use so many threads, 0 for PyTorch's own choice. */
  void threads(int wanted) {
    int count = threadCount(wanted);
    if (JniUtils.getNumThreads() != count) {
      JniUtils.setNumThreads(count);
    }
  }

  /** The number of threads that is meant, 0 being PyTorch's own choice. */
  int threadCount(int wanted) {
    return wanted == 0 ? defaultThreads : wanted;
  }

  @Override
  public String toString() {
    return "PyTorch " + version() + " on " + String.join(", ", names(devices()));
  }
}
