import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Calls CMake for Maven; run as a single source file. Without CMake or a C++ compiler it says so in
 * one line and succeeds: the jar then has no library, and a note of why.
 *
 * <p>{@code java BuildKernels.java build|test SOURCE WORK CLASSES VERSION [SANITIZER]}
 */
public final class BuildKernels {
  private static final String LIBRARY = "attention4j-kernels";

  private final Path source;
  private final Path work;
  private final Path resources;
  private final String version;
  private final String sanitizer;

  private BuildKernels(String[] arguments) {
    source = Path.of(arguments[1]);
    work = Path.of(arguments[2]);
    resources = Path.of(arguments[3], "META-INF", "native");
    version = arguments[4];
    sanitizer = arguments.length > 5 ? arguments[5] : "";
  }

  public static void main(String[] arguments) throws Exception {
    BuildKernels build = new BuildKernels(arguments);
    boolean done = arguments[0].equals("test") ? build.test() : build.library();
    System.exit(done ? 0 : 1);
  }

  private boolean library() throws Exception {
    String missing = missingTool();
    if (!missing.isEmpty()) {
      System.out.println("native-kernels: " + missing + "; building without the native kernels");
      describe("built without the native kernels: " + missing, null);
      return true;
    }
    if (!configure() || !compile(LIBRARY)) {
      return false;
    }
    try (Stream<Path> files = Files.list(work)) {
      Path library =
          files
              .filter(f -> f.getFileName().toString().contains(LIBRARY + "-" + version + "."))
              .findFirst()
              .orElseThrow(() -> new IOException("no library in " + work));
      describe("", library);
    }
    return true;
  }

  /** Runs the C++ tests, unless they passed since they were last built. */
  private boolean test() throws Exception {
    if (!missingTool().isEmpty()) {
      return true;
    }
    if (!configure() || !compile("all")) {
      return false;
    }
    if (works("clang-format-14") && !compile("check-format")) {
      return false;
    }
    Path stamp = work.resolve("tests-passed");
    Path binary = work.resolve("test").resolve(executable("kernel_tests"));
    if (Files.exists(stamp)
        && Files.getLastModifiedTime(stamp).compareTo(Files.getLastModifiedTime(binary)) > 0) {
      return true;
    }
    boolean passed = run("ctest.log", "ctest", "--test-dir", work.toString(), "--output-on-failure");
    if (passed) {
      Files.writeString(stamp, version);
    }
    return passed;
  }

  private boolean configure() throws Exception {
    List<String> command = new ArrayList<>(List.of("cmake", "-S", source + "", "-B", work + ""));
    if (!Files.exists(work.resolve("CMakeCache.txt")) && works("ninja")) {
      command.addAll(List.of("-G", "Ninja"));
    }
    command.add("-DA4J_VERSION=" + version);
    command.add("-DA4J_SANITIZE=" + sanitizer);
    command.add("-DA4J_JNI_INCLUDE=" + Path.of(System.getProperty("java.home"), "include"));
    return run("configure.log", command.toArray(String[]::new));
  }

  private boolean compile(String target) throws Exception {
    return run(
        "build.log", "cmake", "--build", work + "", "--parallel", "2", "--target", target);
  }

  private static String missingTool() throws Exception {
    if (!works("cmake")) {
      return "CMake was not found";
    }
    String chosen = System.getenv("CXX");
    List<String> compilers = chosen == null ? List.of("c++", "g++", "clang++") : List.of(chosen);
    for (String compiler : compilers) {
      if (works(compiler)) {
        return "";
      }
    }
    return "no C++ compiler was found (" + String.join(", ", compilers) + ")";
  }

  private static boolean works(String tool) throws Exception {
    try {
      return new ProcessBuilder(tool, "--version")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Output goes to a log, which is shown if the command fails. */
  private boolean run(String log, String... command) throws Exception {
    Files.createDirectories(work);
    File output = work.resolve(log).toFile();
    int code =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output)
            .start()
            .waitFor();
    if (code != 0) {
      System.out.println("native-kernels: failed: " + String.join(" ", command));
      System.out.println(Files.readString(output.toPath(), StandardCharsets.UTF_8));
    }
    return code == 0;
  }

  /** Puts the library among the classes, with what the loader must know about it. */
  private void describe(String reason, Path library) throws Exception {
    clear();
    StringBuilder text = new StringBuilder();
    text.append("version=").append(version).append('\n');
    text.append("platform=").append(platform()).append('\n');
    text.append("reason=").append(reason).append('\n');
    if (library != null) {
      Path target = resources.resolve(platform()).resolve(library.getFileName());
      Files.createDirectories(target.getParent());
      Files.copy(library, target, StandardCopyOption.REPLACE_EXISTING);
      text.append("file=").append(target.getFileName()).append('\n');
      text.append("sha256=").append(sha256(target)).append('\n');
    }
    Files.createDirectories(resources);
    Files.writeString(resources.resolve(LIBRARY + ".properties"), text, StandardCharsets.UTF_8);
  }

  private void clear() throws IOException {
    if (!Files.exists(resources)) {
      return;
    }
    try (Stream<Path> old = Files.walk(resources)) {
      for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static String sha256(Path file) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (InputStream in = Files.newInputStream(file)) {
      return HexFormat.of().formatHex(digest.digest(in.readAllBytes()));
    }
  }

  /** As Platform in the loader has it. */
  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String system = os.contains("mac") ? "macos" : os.contains("win") ? "windows" : os;
    String machine = arch.equals("amd64") ? "x86_64" : arch.equals("arm64") ? "aarch64" : arch;
    return system + "-" + machine;
  }

  private static String executable(String name) {
    return System.getProperty("os.name").startsWith("Windows") ? name + ".exe" : name;
  }
}
