/** The conformance kit: what an engine must compute, and how that is checked. */
module org.attention4j.conformance {
  requires transitive org.attention4j.api;
  requires java.management;
  requires org.attention4j.onnxformat;
  requires transitive org.junit.jupiter.api;
  requires static transitive org.jspecify;

  exports org.attention4j.conformance;
  exports org.attention4j.conformance.report;

  uses org.attention4j.spi.Engine;
}
