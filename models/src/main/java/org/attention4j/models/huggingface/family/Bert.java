package org.attention4j.models.huggingface.family;

import java.util.ArrayList;
import java.util.List;
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

/** BERT: post-norm layers that see both sides, token types, and a layer over the first token. */
public final class Bert {
  static final Architecture ARCHITECTURE =
      new Architecture("bert", "BERT", "Devlin et al. 2019", tasks(), Bert::read);

  private Bert() {}

  private static List<Task> tasks() {
    List<Task> tasks = new ArrayList<>(EncoderModel.TASKS);
    tasks.add(Task.NEXT_SENTENCE_PREDICTION);
    tasks.add(Task.PRETRAINING);
    return tasks;
  }

  static Pretrained read(Config config, Task task) {
    config.require("position_embedding_type", "absolute");
    int width = config.size("hidden_size");
    int context = config.size("max_position_embeddings", 512);
    Activation.Kind activation = Activations.read(config, "hidden_act", "gelu");
    String layers = task == Task.FEATURES ? "" : "bert.";
    MaskedHead masked =
        new MaskedHead(
            "cls.predictions.transform.dense",
            Encoders.square(config),
            activation,
            "cls.predictions.transform.LayerNorm",
            Encoders.norm(config),
            config.flag("tie_word_embeddings", true),
            "cls.predictions.decoder",
            "cls.predictions.bias");
    boolean pairs = task == Task.NEXT_SENTENCE_PREDICTION || task == Task.PRETRAINING;
    ClassHead classes =
        new ClassHead(
            layers + "pooler.dense",
            width,
            Activation.Kind.TANH,
            pairs ? "cls.seq_relationship" : "classifier",
            Decoders.style(config, true),
            pairs ? 0 : Encoders.classDropout(config));
    EncoderModel model =
        new EncoderModel(
            config,
            task,
            "bert",
            context,
            true,
            "pooler.dense",
            Encoders.vectors(config, context, -1),
            Encoders.layers(config, task, activation),
            masked,
            classes,
            new SpanHead(Decoders.style(config, true), 0),
            SentencePooling.read(config),
            NameRules.prefix("bert").ignoring("cls\\.seq_relationship\\..*"));
    return Encoders.choosing(model);
  }
}
