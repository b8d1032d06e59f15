/** The conformance kit. */
module org.attention4j.conformance {
  requires transitive org.attention4j.api;
  requires transitive org.junit.jupiter.api;
  requires static transitive org.jspecify;

  exports org.attention4j.conformance.models;
}
