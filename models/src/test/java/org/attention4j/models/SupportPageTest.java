package org.attention4j.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.conformance.report.SupportPage;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("docs/support.md is what the engines answer")
final class SupportPageTest {
  private static final Path PAGE = Path.of("../docs/support.md");

  @Test
  @DisplayName("regenerate it with -Dtest=SupportPageTest -Dattention4j.update=true")
  void isUpToDate() throws IOException {
    List<Engine> engines = Engines.all();
    for (Engine engine : engines) {
      assumeTrue(engine.availability().available(), () -> engine.name() + " cannot run here");
    }
    String page = SupportPage.of(engines);
    if (Boolean.getBoolean("attention4j.update")) {
      Files.writeString(PAGE, page);
    }
    assertEquals(
        Files.readString(PAGE),
        page,
        "docs/support.md is old: mvn test -pl models -am -Dtest=SupportPageTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Dattention4j.update=true");
  }
}
