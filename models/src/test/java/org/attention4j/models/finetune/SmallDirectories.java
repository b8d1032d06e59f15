package org.attention4j.models.finetune;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Small directories of Hugging Face's without weights, and files to learn from. */
final class SmallDirectories {
  private static final Path TOKENIZERS = Path.of("src/test/resources/tokenizers");
  private static final List<String> TEXTS =
      List.of(
          "the cat sat on the mat",
          "a dog ran to the house",
          "she has a red book",
          "they live in the old town",
          "we went home at night",
          "he said that he would come",
          "it is a good day",
          "the sun is over the hill");

  private SmallDirectories() {}

  /** A configuration and a tokenizer. */
  static Path start(Path directory, String family) throws Exception {
    Path from = directory.resolve(family);
    Files.createDirectories(from);
    String tokenizer =
        Map.of("gpt2", "bpe_gpt2", "bert", "wordpiece_uncased", "t5", "unigram_t5").get(family);
    Files.copy(
        TOKENIZERS.resolve(Objects.requireNonNull(tokenizer)).resolve("tokenizer.json"),
        from.resolve("tokenizer.json"));
    String config =
        switch (family) {
          case "gpt2" ->
              """
              {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 600,
               "n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 32, "eos_token_id": 0,
               "bos_token_id": 0, "resid_pdrop": 0.1, "attn_pdrop": 0, "embd_pdrop": 0,
               "my_own_entry": [1, "two"]}
              """;
          case "bert" ->
              """
              {"model_type": "bert", "architectures": ["BertForMaskedLM"], "vocab_size": 500,
               "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
               "intermediate_size": 32, "max_position_embeddings": 32, "pad_token_id": 0,
               "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0,
               "my_own_entry": [1, "two"]}
              """;
          default ->
              """
              {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"],
               "vocab_size": 400, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_heads": 2,
               "num_layers": 1, "num_decoder_layers": 1, "decoder_start_token_id": 0,
               "eos_token_id": 1, "pad_token_id": 0, "dropout_rate": 0.1, "n_positions": 32,
               "my_own_entry": [1, "two"]}
              """;
        };
    Files.writeString(from.resolve("config.json"), config);
    return from;
  }

  /** Sixteen examples. */
  static Path data(Path directory, String objective) throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 2 * TEXTS.size(); i++) {
      String text = TEXTS.get(i % TEXTS.size());
      String other = TEXTS.get((i + 1) % TEXTS.size());
      lines.add(
          switch (objective) {
            case "seq2seq", "contrastive" -> text + "\t" + other;
            case "classify" -> (text.contains("the") ? "with" : "without") + "\t" + text;
            case "multi-label" ->
                (text.contains("the") ? "the" : "")
                    + (text.contains(" a ") ? ",a" : "")
                    + "\t"
                    + text;
            case "regress" -> text.length() / 25.0 + "\t" + text;
            case "classify-tokens" -> tagged(text);
            case "answer" -> question(text);
            default -> text;
          });
    }
    Path file = directory.resolve(objective + ".tsv");
    Files.writeString(file, String.join("\n", lines) + "\n");
    return file;
  }

  /** The word behind "the", and "town" behind that, is a thing. */
  private static String tagged(String text) {
    StringBuilder lines = new StringBuilder();
    String before = "";
    for (String word : text.split(" ", -1)) {
      String label = before.equals("the") ? "B-THING" : before.equals("old") ? "I-THING" : "O";
      lines.append(word).append(' ').append(label).append('\n');
      before = word;
    }
    return lines.toString();
  }

  private static String question(String text) {
    String first = text.split(" ", -1)[0];
    return """
        {"context": "%s", "question": "what is first?", "answers": {"text": ["%s"], "answer_start": [0]}}"""
        .formatted(text, first);
  }
}
