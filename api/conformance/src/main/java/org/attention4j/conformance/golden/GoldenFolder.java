package org.attention4j.conformance.golden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.CaseCheck;
import org.attention4j.conformance.Catalogue;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.GradientCheck;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;

/** A folder of recorded cases: {@code KIND/NAME/case.json} and its files. */
public final class GoldenFolder {
  private static final List<String> KINDS = List.of("attention", "ops", "modules", "optim");

  private GoldenFolder() {}

  /**
   * The checks of every case that can be mapped; the others are listed.
   *
   * @throws UsageException if the folder holds none of the kinds
   * @throws StorageException if it cannot be read
   */
  public static Catalogue read(Path folder) {
    List<Check> checks = new ArrayList<>();
    List<String> unknown = new ArrayList<>();
    boolean found = false;
    for (String kind : KINDS) {
      if (!Files.isDirectory(folder.resolve(kind))) {
        continue;
      }
      found = true;
      for (Path dir : list(folder.resolve(kind))) {
        if (!Files.exists(dir.resolve("case.json"))) {
          continue;
        }
        GoldenFile file = GoldenFile.read(dir);
        List<Check> mapped = checks(file);
        checks.addAll(mapped);
        if (mapped.isEmpty()) {
          unknown.add(file.title() + ": " + describe(file));
        }
      }
    }
    if (!found) {
      throw new UsageException("no recorded cases in " + folder + ": wanted folders " + KINDS);
    }
    return new Catalogue(checks, unknown);
  }

  private static String describe(GoldenFile file) {
    return file.info().has("kind") ? "kind " + file.info().get("kind").text() : file.op();
  }

  private static List<Check> checks(GoldenFile file) {
    if (file.kind().equals("optim")) {
      return OptimizerCheck.of(file).<List<Check>>map(List::of).orElse(List.of());
    }
    Optional<Case> test =
        switch (file.kind()) {
          case "attention" -> GoldenAttention.of(file);
          case "ops" -> GoldenOps.of(file);
          default -> GoldenModules.of(file);
        };
    if (test.isEmpty()) {
      return List.of();
    }
    Case known = test.get();
    return known.differentiable()
        ? List.of(new CaseCheck(known), new GradientCheck(known))
        : List.of(new CaseCheck(known));
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw StorageException.of("cannot read " + folder, e);
    }
  }
}
