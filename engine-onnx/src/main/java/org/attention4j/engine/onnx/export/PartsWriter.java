package org.attention4j.engine.onnx.export;

import java.io.IOException;
import java.nio.file.Path;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.spi.EncoderParts;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.Program;
import org.attention4j.weights.Weights;

/** Writes the encoder and the decoder of a model to files of their own. */
record PartsWriter(
    Program program,
    Weights weights,
    ExportOptions options,
    EncoderParts parts,
    AttentionRemarks remarks) {

  void write(TraceOptions trace, Path folder) throws IOException {
    EncoderCut first = cut(trace, options.cache() ? CacheMode.PREFILL : CacheMode.NONE);
    write(model(first.encoder()), file(folder, OnnxExporter.ENCODER));
    remarks.add(OnnxExporter.ENCODER, first.encoder());
    if (!options.cache()) {
      write(model(first.decoder(false)), file(folder, OnnxExporter.FIRST_STEP));
      remarks.add(OnnxExporter.FIRST_STEP, first.decoder(false));
      return;
    }
    EncoderCut later = cut(trace, CacheMode.STEP);
    OnnxModel firstStep = model(first.decoder(false));
    if (parts.apart()) {
      write(firstStep, file(folder, OnnxExporter.FIRST_STEP));
      write(model(later.decoder(false)), file(folder, OnnxExporter.LATER_STEPS));
      remarks.add(OnnxExporter.FIRST_STEP, first.decoder(false));
      remarks.add(OnnxExporter.LATER_STEPS, later.decoder(false));
    }
    if (parts.merged()) {
      OnnxModel merged = MergedDecoder.of(firstStep, model(later.decoder(true)));
      write(merged, file(folder, OnnxExporter.MERGED));
      remarks.add(OnnxExporter.MERGED + ", first steps", first.decoder(false));
      remarks.add(OnnxExporter.MERGED + ", later steps", later.decoder(true));
    }
  }

  private EncoderCut cut(TraceOptions trace, CacheMode mode) {
    String path = parts.encoder();
    return new EncoderCut(program.graph(trace.withCache(mode).observing(path::equals)), path);
  }

  private Path file(Path folder, String name) {
    return OnnxExporter.file(folder, name, options);
  }

  private OnnxModel model(Graph graph) {
    return OnnxExporter.model(graph, weights, options);
  }

  private void write(OnnxModel model, Path file) throws IOException {
    OnnxFiles.writeModel(file, model, options.externalData());
  }
}
