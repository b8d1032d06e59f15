package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.ClassHead;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.EncoderModel;
import org.attention4j.models.huggingface.model.Encoders;
import org.attention4j.models.huggingface.model.MaskedHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.SentencePooling;
import org.attention4j.models.huggingface.model.SpanHead;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.op.Activation;

/** RoBERTa: BERT whose positions count from the padding token's number, and do not count it. */
final class Roberta {
  static final Architecture ARCHITECTURE =
      new Architecture("roberta", "RoBERTa", "Liu et al. 2019", EncoderModel.TASKS, Roberta::read);
  static final Architecture XLM =
      new Architecture(
          "xlm-roberta", "XLM-RoBERTa", "Conneau et al. 2020", EncoderModel.TASKS, Roberta::read);

  private Roberta() {}

  static Pretrained read(Config config, Task task) {
    config.require("position_embedding_type", "absolute");
    int width = config.size("hidden_size");
    int rows = config.size("max_position_embeddings", 512);
    long padding = config.id("pad_token_id", 1);
    if (padding >= rows - 1) {
      throw config.wrong("pad_token_id", "less than max_position_embeddings - 1", padding);
    }
    String dense =
        switch (task) {
          case FEATURES -> "pooler.dense";
          case MULTIPLE_CHOICE -> "roberta.pooler.dense";
          default -> "classifier.dense";
        };
    boolean choice = task == Task.MULTIPLE_CHOICE;
    MaskedHead masked =
        new MaskedHead(
            "lm_head.dense",
            Encoders.square(config),
            Activation.Kind.GELU,
            "lm_head.layer_norm",
            Encoders.norm(config),
            config.flag("tie_word_embeddings", true),
            "lm_head.decoder",
            "lm_head.bias");
    ClassHead classes =
        new ClassHead(
            dense,
            width,
            Activation.Kind.TANH,
            choice ? "classifier" : "classifier.out_proj",
            Decoders.style(config, true),
            choice ? Encoders.dropout(config) : Encoders.classDropout(config));
    EncoderModel model =
        new EncoderModel(
            config,
            task,
            "roberta",
            Math.toIntExact(rows - padding - 1),
            true,
            "pooler.dense",
            Encoders.vectors(config, rows, padding),
            Encoders.layers(config, task, Activations.read(config, "hidden_act", "gelu")),
            masked,
            classes,
            new SpanHead(Decoders.style(config, true), 0),
            SentencePooling.read(config),
            NameRules.prefix("roberta"));
    return Encoders.choosing(model);
  }
}
