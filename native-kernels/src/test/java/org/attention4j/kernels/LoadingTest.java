package org.attention4j.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.error.EngineException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresKernels
@DisplayName("The native library")
class LoadingTest {
  @TempDir Path folder;

  private String cache() {
    return "-D" + PackagedLibrary.CACHE_PROPERTY + "=" + folder;
  }

  private List<Path> unpacked() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  @DisplayName("is unpacked under its version, once, and a damaged copy is replaced")
  void unpacking() throws Exception {
    String first = ChildJvm.run("availability", cache());
    assertTrue(first.contains("available true"), first);
    Path library = unpacked().get(0);
    assertEquals(1, unpacked().size());
    assertTrue(library.getFileName().toString().contains(NativeCalls.version()), library + "");
    byte[] content = Files.readAllBytes(library);
    Files.write(library, new byte[] {1, 2, 3});
    String second = ChildJvm.run("availability", cache());
    assertTrue(second.contains("available true"), second);
    assertArrayEquals(content, Files.readAllBytes(library));
    assertEquals(1, unpacked().size());
  }

  @Test
  @DisplayName("named by path is that file or none")
  void explicitPath() throws Exception {
    String option = "-D" + NativeLibrary.PATH_PROPERTY + "=";
    String missing = ChildJvm.run("availability", option + folder.resolve("missing.so"));
    assertTrue(missing.contains("available false"), missing);
    assertTrue(missing.contains("missing.so is not a file"), missing);
    assertTrue(missing.contains("engine false"), missing);
    Path text = Files.writeString(folder.resolve("text.so"), "not a library");
    String broken = ChildJvm.run("availability", option + text);
    assertTrue(broken.contains("available false"), broken);
    assertTrue(broken.contains("does not load"), broken);
    Path packaged = PackagedLibrary.find().extract();
    Path copy = Files.copy(packaged, folder.resolve("mine.so"));
    String right = ChildJvm.run("availability", option + copy);
    assertTrue(right.contains("available true"), right);
    assertTrue(right.contains("mine.so"), right);
  }

  @Test
  @DisplayName("runs the instruction set and the threads that the properties ask for")
  void properties() throws Exception {
    for (InstructionSet isa : Kernels.instructionSets()) {
      String output =
          ChildJvm.run(
              "availability",
              "-D" + FlashAttention.ISA_PROPERTY + "=" + isa.label(),
              "-D" + FlashAttention.THREADS_PROPERTY + "=3");
      assertTrue(output.contains("instruction set " + isa.label() + " "), output);
      assertTrue(output.contains("threads 3"), output);
    }
  }

  @Test
  @DisplayName("is unavailable with the reason if a property is wrong")
  void wrongProperties() throws Exception {
    String isa = ChildJvm.run("availability", "-D" + FlashAttention.ISA_PROPERTY + "=sse9");
    assertTrue(isa.contains("available false") && isa.contains("sse9"), isa);
    String threads = ChildJvm.run("availability", "-D" + FlashAttention.THREADS_PROPERTY + "=two");
    assertTrue(threads.contains("available false") && threads.contains("'two'"), threads);
    assertThrows(EngineException.class, () -> InstructionSet.parse("neon"));
  }
}
