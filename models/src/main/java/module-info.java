/** Model families and the command line. */
module org.attention4j.models {
  requires org.attention4j.api;
  requires org.attention4j.conformance;
  requires ai.djl.tokenizers;
  requires com.fasterxml.jackson.databind;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires static org.jspecify;
}
