package org.attention4j.models.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.ShapeException;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.family.Bert;
import org.attention4j.models.family.Family;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.family.Seq2Seq;
import org.attention4j.models.golden.GoldenReplay;
import org.attention4j.models.golden.GoldenRow;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.text.ChatMessage;
import org.attention4j.models.text.ChatTemplate;
import org.attention4j.models.text.GenerationConfig;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.TrainingCheckpoint;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A damaged or hostile file opens or is refused by name, quickly and cheaply:")
final class HostileDirectoriesTest {
  private static final Path RECORDED = Path.of("src/test/resources/golden");
  private static final Path TRANSLATORS = Path.of("src/test/resources/translators");

  @TempDir Path directory;

  /** All recorded families. */
  private static List<Path> models() throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path folder : List.of(RECORDED, TRANSLATORS)) {
      try (Stream<Path> models = Files.list(folder)) {
        models.sorted().forEach(all::add);
      }
    }
    return all;
  }

  /** Opens a model and runs it on what was recorded. */
  private static void run(Path model) {
    Checkpoint checkpoint = HuggingFace.open(model);
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    Weights recorded = Weights.load(model.resolve("io.safetensors"));
    for (String name : checkpoint.model().inputs().keySet()) {
      inputs.put(name, recorded.get("in." + name));
    }
    try (PretrainedSession session = checkpoint.session("reference", inputs.keySet())) {
      session.run(inputs);
    } catch (ShapeException e) {
      // sound, but for shorter inputs than the recorded ones
    }
  }

  private void attack(String file, Mutator mutator, Attack.Target target, List<Path> originals)
      throws IOException {
    Attack.run(
        directory,
        Attack.rounds(),
        originals.stream().map(model -> new Attack(model, file, mutator, target)).toList());
  }

  @Test
  @DisplayName("config.json of every family")
  void configuration() throws IOException {
    attack("config.json", Mutator.json(), HostileDirectoriesTest::run, models());
  }

  @Test
  @DisplayName("model.safetensors")
  void weights() throws IOException {
    List<Path> small = List.of(RECORDED.resolve("llama_features"), RECORDED.resolve("deit"));
    attack("model.safetensors", Mutator.safetensors(), HostileDirectoriesTest::run, small);
  }

  /** One of the recorded models in two files with an index. */
  private Path sharded() throws IOException {
    Path folder = Files.createDirectories(directory.resolve("sharded"));
    Path original = RECORDED.resolve("llama_features");
    for (String name : List.of("config.json", "io.safetensors")) {
      Files.write(folder.resolve(name), Files.readAllBytes(original.resolve(name)));
    }
    Weights all = Weights.load(original);
    List<Weights> parts = new ArrayList<>(List.of(Weights.empty(), Weights.empty()));
    List<String> entries = new ArrayList<>();
    int n = 0;
    for (String name : all.names()) {
      int part = n++ % 2;
      parts.set(part, parts.get(part).with(name, all.get(name)));
      entries.add("\"" + name + "\": \"model-" + part + ".safetensors\"");
    }
    parts.get(0).save(folder.resolve("model-0.safetensors"));
    parts.get(1).save(folder.resolve("model-1.safetensors"));
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\": {\"total_size\": "
            + all.bytes()
            + "}, \"weight_map\": {"
            + String.join(", ", entries)
            + "}}");
    return folder;
  }

  @Test
  @DisplayName("model.safetensors.index.json")
  void index() throws IOException {
    attack(
        "model.safetensors.index.json",
        Mutator.json(),
        HostileDirectoriesTest::run,
        List.of(sharded()));
  }

  @Test
  @DisplayName("a shard")
  void shard() throws IOException {
    attack(
        "model-0.safetensors",
        Mutator.safetensors(),
        HostileDirectoriesTest::run,
        List.of(sharded()));
  }

  @Test
  @DisplayName("modules.json")
  void modules() throws IOException {
    Path model = RECORDED.resolve("sentence_pooled");
    attack("modules.json", Mutator.json(), HostileDirectoriesTest::run, List.of(model));
  }

  @Test
  @DisplayName("1_Pooling/config.json")
  void pooling() throws IOException {
    Path model = RECORDED.resolve("sentence_pooled");
    attack("1_Pooling/config.json", Mutator.json(), HostileDirectoriesTest::run, List.of(model));
  }

  private Path folder(String name, Map<String, String> files) throws IOException {
    Path folder = Files.createDirectories(directory.resolve(name));
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(folder.resolve(file.getKey()), file.getValue());
    }
    return folder;
  }

  private static final String GENERATION =
      """
      {"bos_token_id": 1, "eos_token_id": [2, 3], "pad_token_id": 0, "decoder_start_token_id": 1,
       "do_sample": true, "temperature": 0.7, "top_k": 20, "top_p": 0.9, "min_p": 0.1,
       "typical_p": 0.9, "epsilon_cutoff": 0.001, "eta_cutoff": 0.001, "num_beams": 2,
       "num_return_sequences": 1, "length_penalty": 0.8, "early_stopping": "never",
       "max_new_tokens": 7, "max_length": 30, "min_length": 2, "min_new_tokens": 1,
       "repetition_penalty": 1.1, "no_repeat_ngram_size": 3, "bad_words_ids": [[5, 6], [7]],
       "suppress_tokens": [8], "begin_suppress_tokens": [9], "forced_bos_token_id": 1,
       "forced_eos_token_id": 2, "stop_strings": ["a", "b"], "use_cache": true,
       "guidance_scale": 1.0, "max_time": null}
      """;

  @Test
  @DisplayName("generation_config.json")
  void generation() throws IOException {
    Path folder = folder("generation", Map.of("generation_config.json", GENERATION));
    attack(
        "generation_config.json",
        Mutator.json(),
        model -> {
          GenerationConfig config = GenerationConfig.read(model);
          config.stopTokens();
          config.padToken();
          config.beginToken();
          config.decoderStart();
          config.stopStrings();
          config.options(64, 5, 20);
        },
        List.of(folder));
  }

  private static final String TEMPLATE =
      """
      {%- macro part(m, n=2) -%}{{ '<|' ~ m['role'] ~ '|>' }}{{ m.content | trim }}{%- endmacro -%}
      {{- bos_token }}{% set ns = namespace(count=0) %}
      {%- for message in messages if message.content is defined %}
        {%- if loop.first and message['role'] == 'system' %}
          {{- '[SYS]' + message['content'].strip() + '[/SYS]' }}
        {%- elif message.role in ['user', 'assistant'] %}
          {%- set ns.count = ns.count + 1 %}{{ part(message) }}{{ ns.count % 3 ** 2 }}
        {%- else %}{{ raise_exception('no role ' + message.role) }}{% endif %}
        {%- for i in range(3) %}{{ i * 2 }}{{ 'x' * 5 }}{{ message | tojson(indent=2) }}{% endfor %}
      {%- endfor %}{# a comment #}
      {%- if add_generation_prompt %}{{ '<|assistant|>' | upper | indent(3) }}{% endif %}
      {{- [1, 2, 3][1:] | join(', ') }}{{ strftime_now('%d %b %Y')[:2] | length }}
      """;

  private static void chat(Path model) {
    ChatTemplate.read(model)
        .prompt(
            List.of(
                new ChatMessage("system", "Be kind."),
                new ChatMessage("user", "¿Qué tal?"),
                new ChatMessage("assistant", "Bien.")));
  }

  @Test
  @DisplayName("chat_template.jinja")
  void template() throws IOException {
    Path folder = folder("template", Map.of("chat_template.jinja", TEMPLATE));
    attack("chat_template.jinja", Mutator.bytes(), HostileDirectoriesTest::chat, List.of(folder));
  }

  @Test
  @DisplayName("tokenizer_config.json")
  void tokenizerConfiguration() throws IOException {
    String config =
        """
        {"bos_token": {"content": "<s>", "special": true}, "eos_token": "</s>",
         "chat_template": [{"name": "tool", "template": "x"}, {"name": "default", "template":
         "{{ bos_token }}{% for m in messages %}{{ m.role + m.content }}{{ eos_token }}{% endfor %}"}
        ]}
        """;
    Path folder = folder("tokenizer-config", Map.of("tokenizer_config.json", config));
    attack("tokenizer_config.json", Mutator.json(), HostileDirectoriesTest::chat, List.of(folder));
  }

  @Test
  @DisplayName("config.json of this library's own families")
  void ownConfiguration() throws IOException {
    List<Path> folders = new ArrayList<>();
    List<Family> families =
        List.of(new Bert(11, 8, 8, 2, 2, 16, 0.1, 3), new Seq2Seq(11, 8, 8, 2, 2, 16, 0.1, 0.1));
    for (Family family : families) {
      Path folder = directory.resolve("own-" + family.family());
      Weights weights = Parameters.init(Program.of(family), 1);
      new ModelDirectory(folder, family, weights, null).save();
      folders.add(folder);
    }
    attack("config.json", Mutator.json(), ModelDirectory::open, folders);
  }

  @Test
  @DisplayName("a trainer's checkpoint")
  void checkpoint() throws IOException {
    Weights weights = Parameters.init(Program.of(Gpt.nano(11, 8, 8, 2, 1, 0)), 1);
    Map<String, HostTensor> slots = new LinkedHashMap<>();
    weights.tensors().forEach((name, tensor) -> slots.put("m." + name, tensor));
    Path folder = folder("training", Map.of());
    new TrainingCheckpoint(new TrainerState(7, 42, weights, slots), Map.of("corpus", "abc"))
        .save(folder.resolve("checkpoint.safetensors"));
    attack(
        "checkpoint.safetensors",
        Mutator.safetensors(),
        model -> {
          Path file = model.resolve("checkpoint.safetensors");
          var loaded = TrainingCheckpoint.load(file);
          loaded.state().weights().tensors().values().forEach(HostTensor::toDoubleArray);
          loaded.state().slots().values().forEach(HostTensor::toDoubleArray);
        },
        List.of(folder));
  }

  /** A case that fails is one that was refused. */
  private static void replay(Path folder) {
    GoldenReplay.run(folder, Engines.get("reference"), row -> {}).stream()
        .filter(row -> row.status() == GoldenRow.Status.FAILED)
        .findFirst()
        .ifPresent(
            row -> {
              throw new FileFormatException(folder, row.text());
            });
  }

  @Test
  @DisplayName("recorded inputs and outputs")
  void recorded() throws IOException {
    List<Path> small = List.of(RECORDED.resolve("llama_features"));
    attack("io.safetensors", Mutator.safetensors(), HostileDirectoriesTest::replay, small);
  }

  @Test
  @DisplayName("noise.json of recorded values")
  void noise() throws IOException {
    List<Path> small = List.of(RECORDED.resolve("llama_features"));
    attack("noise.json", Mutator.json(), HostileDirectoriesTest::replay, small);
  }

  @Test
  @DisplayName("vocab.json")
  void vocabulary() throws IOException {
    String vocabulary =
        """
        {"kind": "words", "specials": 2, "tokens": ["<pad>", "<unk>", "el", "gato", "come", "."]}
        """;
    Path folder = folder("vocabulary", Map.of("vocab.json", vocabulary));
    attack(
        "vocab.json",
        Mutator.json(),
        model -> {
          try (Tokenizer tokenizer = Tokenizers.load(model)) {
            for (int id = 0; id < tokenizer.size(); id++) {
              tokenizer.decode(id);
            }
          }
        },
        List.of(folder));
  }
}
