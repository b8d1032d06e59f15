package org.attention4j.models.docs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.attention4j.models.cli.Main;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

@DisplayName("Pages for people")
class DocumentationTest {
  private static final Path ROOT = Path.of("..");
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
  private static final Pattern COMMAND =
      Pattern.compile("attention4j\\.jar ([a-z][a-z-]*)((?:[^\\n|><&]|\\\\\\n)*)");
  private static final Pattern INLINE = Pattern.compile("`([a-z-]+) (--[^`]*)`");
  private static final Pattern ALONE = Pattern.compile("`(--[a-z][a-z0-9-]*)[^`]*`");
  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z0-9-]*");

  /** Options of a Python script beside, in docs/benchmarks.md. */
  private static final Set<String> FOREIGN = Set.of("--isa");

  @TempDir Path directory;

  static List<Path> pages() throws IOException {
    try (Stream<Path> top = Files.list(ROOT);
        Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      List<Path> pages =
          Stream.concat(top, docs)
              .filter(file -> file.toString().endsWith(".md"))
              .sorted()
              .toList();
      assertTrue(pages.size() > 15, pages.toString());
      return pages;
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  @DisplayName("link to files and headings that are there")
  void links(Path page) throws IOException {
    List<String> broken = new ArrayList<>();
    Matcher link = LINK.matcher(Files.readString(page));
    while (link.find()) {
      String[] parts = link.group(1).split("#", 2);
      if (parts[0].contains("://")) {
        continue;
      }
      Path target = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
      if (!Files.exists(target) || (parts.length == 2 && !anchors(target).contains(parts[1]))) {
        broken.add(link.group(1));
      }
    }
    assertEquals(List.of(), broken, page.toString());
  }

  /** As GitHub makes them of headings. */
  private static Set<String> anchors(Path page) throws IOException {
    return HEADING
        .matcher(FENCE.matcher(Files.readString(page)).replaceAll(""))
        .results()
        .map(heading -> heading.group(1).strip().toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  @Test
  @DisplayName("show Java that is compiled with the tests")
  void javaIsCompiled() throws IOException {
    List<String> sources = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ROOT)) {
      for (Path file : files.filter(f -> f.toString().matches(".*/src/.*\\.java")).toList()) {
        sources.add(packed(Files.readString(file)));
      }
    }
    int count = 0;
    for (Path page : pages()) {
      for (MatchResult block : FENCE.matcher(Files.readString(page)).results().toList()) {
        if (block.group(1).equals("java")) {
          String code = packed(block.group(2));
          assertTrue(
              sources.stream().anyMatch(source -> source.contains(code)),
              () -> page + " shows what is in no source file:\n" + block.group(2));
          count++;
        }
      }
    }
    assertTrue(count > 20, "only " + count + " blocks of Java");
  }

  /** Without white space, which depends on what is around. */
  private static String packed(String code) {
    return code.replaceAll("\\s+", "");
  }

  @ParameterizedTest
  @MethodSource("pages")
  @DisplayName("call commands with options that they have")
  void options(Path page) throws IOException {
    String text = Files.readString(page);
    Map<String, CommandLine> commands = new CommandLine(new Main()).getSubcommands();
    List<String> unknown = new ArrayList<>();
    for (Pattern pattern : List.of(COMMAND, INLINE)) {
      for (MatchResult call : pattern.matcher(text).results().toList()) {
        CommandLine command = commands.get(call.group(1));
        if (command == null) {
          if (pattern == COMMAND) {
            unknown.add(call.group(1));
          }
          continue;
        }
        for (MatchResult option : OPTION.matcher(call.group(2)).results().toList()) {
          if (command.getCommandSpec().findOption(option.group()) == null) {
            unknown.add(call.group(1) + " " + option.group());
          }
        }
      }
    }
    for (MatchResult option : ALONE.matcher(text).results().toList()) {
      String name = option.group(1);
      boolean known =
          commands.values().stream().anyMatch(c -> c.getCommandSpec().findOption(name) != null);
      if (!known && !FOREIGN.contains(name)) {
        unknown.add(name);
      }
    }
    assertEquals(List.of(), unknown, page.toString());
  }

  @Test
  @DisplayName("list every command in the README")
  void commands() throws IOException {
    String readme = Files.readString(ROOT.resolve("README.md"));
    String table = readme.substring(readme.indexOf("## The command line"));
    Set<String> listed = new TreeSet<>();
    Matcher row = Pattern.compile("(?m)^\\| `([a-z-]+)` \\|").matcher(table);
    while (row.find()) {
      listed.add(row.group(1));
    }
    assertEquals(new TreeSet<>(new CommandLine(new Main()).getSubcommands().keySet()), listed);
  }

  @Test
  @DisplayName("show code on whole models that runs")
  void modelExamplesRun() {
    HostTensor ids = HostTensor.of(new long[] {1, 2, 3, 4}, 1, 4);
    long[] shape = ModelExamples.logits(GOLDEN.resolve("gpt2"), ids).shape();
    assertArrayEquals(new long[] {1, 4}, new long[] {shape[0], shape[1]});
    ModelExamples.export(GOLDEN.resolve("gpt2"), directory.resolve("onnx"));
    assertTrue(Files.exists(directory.resolve("onnx/model.onnx")));
    ModelExamples.fineTune(GOLDEN.resolve("qwen3"), ids, directory.resolve("adapter"));
    assertTrue(Files.exists(directory.resolve("adapter/adapter_model.safetensors")));
    assertFalse(Files.exists(directory.resolve("adapter/model.safetensors")));
  }
}
