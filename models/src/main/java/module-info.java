/** Model families, tokenizers, data, training runs and the command line. */
module org.attention4j.models {
  requires transitive org.attention4j.api;
  requires org.attention4j.conformance;
  requires ai.djl.tokenizers;
  requires com.google.protobuf;
  requires com.twelvemonkeys.imageio.webp;
  requires transitive com.fasterxml.jackson.databind;
  requires info.picocli;
  requires java.desktop;
  requires me.tongfei.progressbar;
  requires static org.jspecify;

  exports org.attention4j.models.data;
  exports org.attention4j.models.directory;
  exports org.attention4j.models.export;
  exports org.attention4j.models.family;
  exports org.attention4j.models.finetune;
  exports org.attention4j.models.jinja;
  exports org.attention4j.models.golden;
  exports org.attention4j.models.huggingface;
  exports org.attention4j.models.huggingface.model;
  exports org.attention4j.models.input;
  exports org.attention4j.models.run;
  exports org.attention4j.models.schema;
  exports org.attention4j.models.score;
  exports org.attention4j.models.store;
  exports org.attention4j.models.text;
  exports org.attention4j.models.token;

  opens org.attention4j.models.cli to
      info.picocli;
  opens org.attention4j.models.run to
      com.fasterxml.jackson.databind;

  uses org.attention4j.spi.Engine;
  uses org.attention4j.spi.Exporter;
}
