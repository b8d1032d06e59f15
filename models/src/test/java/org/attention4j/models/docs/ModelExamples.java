package org.attention4j.models.docs;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.models.export.CheckpointExport;
import org.attention4j.models.huggingface.Adapter;
import org.attention4j.models.huggingface.AdapterConfig;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.FineTuning;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.spi.Engines;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;

/** The code on whole models in README.md, docs/exporting-checkpoints.md and docs/fine-tuning.md. */
final class ModelExamples {
  private ModelExamples() {}

  static HostTensor logits(Path directory, HostTensor ids) {
    HostTensor logits;
    Checkpoint checkpoint = HuggingFace.open(directory); // maps model.safetensors
    try (PretrainedSession session = checkpoint.session("onnx", Set.of("input_ids"))) {
      logits = session.run(Map.of("input_ids", ids)).get("logits");
    }
    return Objects.requireNonNull(logits);
  }

  static void export(Path directory, Path target) {
    ExportReport report = CheckpointExport.of(directory).withCache(true).to(target);
    if (!report.passed()) {
      throw new IllegalStateException("largest difference " + report.worst());
    }
  }

  static void fineTune(Path directory, HostTensor ids, Path target) {
    Checkpoint start = HuggingFace.open(directory);
    FineTuning tuning =
        FineTuning.lowRank(
            start,
            List.of("input_ids", "labels"),
            Adapter.fresh(AdapterConfig.of(8, 16, 0, List.of("q_proj", "v_proj"))),
            false);
    AdamW usual = AdamW.lr(2e-4);
    AdamW optimizer = usual.decaying(tuning.groups(usual.groups()));
    try (Trainer trainer =
        Engines.get("djl")
            .train(tuning.program(), tuning.initial(1), TrainerOptions.of(optimizer))) {
      trainer.step(Map.of("input_ids", ids, "labels", ids));
      tuning.save(target, trainer.weights());
    }
  }
}
