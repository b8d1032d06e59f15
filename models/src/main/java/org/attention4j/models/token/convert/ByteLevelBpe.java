package org.attention4j.models.token.convert;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.token.convert.AddedTokens.AddedToken;

/**
 * Merged bytes (Radford et al. 2019): {@code vocab.json} and {@code merges.txt}, as GPT-2, OPT,
 * RoBERTa, BART, GPT-NeoX, Qwen, Whisper and CLIP have them.
 */
final class ByteLevelBpe {
  static final String VOCABULARY = "vocab.json";
  static final String MERGES = "merges.txt";

  private static final String BOS = "bos_token";
  private static final String EOS = "eos_token";
  private static final String UNK = "unk_token";
  private static final String PAD = "pad_token";
  private static final String SEP = "sep_token";
  private static final String CLS = "cls_token";
  private static final String END_OF_TEXT = "<|endoftext|>";
  private static final String START = "<|startoftranscript|>";
  private static final String NO_TIMES = "<|notimestamps|>";

  private static final String[] GPT2_TOKENS = {
    BOS, END_OF_TEXT, EOS, END_OF_TEXT, UNK, END_OF_TEXT
  };
  private static final String[] NEOX_TOKENS = {
    BOS, END_OF_TEXT, EOS, END_OF_TEXT, UNK, END_OF_TEXT
  };
  private static final String[] QWEN_TOKENS = {
    EOS, END_OF_TEXT, UNK, END_OF_TEXT, PAD, END_OF_TEXT
  };
  private static final String[] ROBERTA_TOKENS = {
    BOS,
    "<s>",
    EOS,
    "</s>",
    UNK,
    "<unk>",
    SEP,
    "</s>",
    PAD,
    "<pad>",
    CLS,
    "<s>",
    "mask_token",
    "<mask>"
  };
  private static final String[] CLIP_TOKENS = {
    BOS, "<|startoftext|>", EOS, END_OF_TEXT, UNK, END_OF_TEXT, PAD, END_OF_TEXT
  };

  /** Where Qwen cuts a text; each digit by itself. */
  private static final String QWEN_WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
          + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final String CLIP_WORDS =
      "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  private final TokenizerFiles files;
  private final ObjectNode model;
  private final boolean prefixSpace;

  ByteLevelBpe(TokenizerFiles files) {
    this.files = files;
    this.model = Parts.bpe(files.vocabulary(VOCABULARY), merges());
    this.prefixSpace = files.flag("add_prefix_space", false);
  }

  /** Pairs, the first merged first; the first line may be {@code #version}. */
  private ArrayNode merges() {
    ArrayNode merges = JsonFile.object().putArray("merges");
    List<String> lines = files.lines(MERGES);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isEmpty() || (i == 0 && line.startsWith("#version"))) {
        continue;
      }
      String[] parts = line.split(" ", -1);
      if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
        throw new FileFormatException(
            files.file(MERGES), "line " + (i + 1) + " is no pair of tokens: '" + line + "'");
      }
      merges.addArray().add(parts[0]).add(parts[1]);
    }
    return merges;
  }

  private TokenizerJson tokenizer() {
    return new TokenizerJson(files, VOCABULARY, model)
        .preTokenizer(Parts.byteLevel(prefixSpace, true, true))
        .decoder(Parts.byteLevel(true, true, true));
  }

  /** Also OPT, GPT-J, Phi; {@code add_bos_token} puts a token before texts. */
  ObjectNode gpt2() {
    TokenizerJson json = tokenizer().addNamed(GPT2_TOKENS);
    String start = json.text(BOS, GPT2_TOKENS);
    if (start != null && files.flag("add_bos_token", false)) {
      return json.postProcessor(
              Parts.template(List.of(start, "$A"), List.of(start, "$A", "$B"), json.added().ids()))
          .json();
    }
    return json.postProcessor(Parts.byteLevel(true, false, true)).json();
  }

  /** Black et al. 2022. */
  ObjectNode gptNeoX() {
    TokenizerJson json = tokenizer().addNamed(NEOX_TOKENS);
    if (json.added().has("<|padding|>")) {
      json.added().add(AddedToken.special("<|padding|>"));
    }
    List<String> single = new ArrayList<>(List.of("$A"));
    List<String> second = new ArrayList<>(List.of("$B:1"));
    String start = json.text(BOS, NEOX_TOKENS);
    if (start != null && files.flag("add_bos_token", false)) {
      single.add(0, start);
      second.add(0, start + ":1");
    }
    String end = json.text(EOS, NEOX_TOKENS);
    if (end != null && files.flag("add_eos_token", false)) {
      single.add(end);
      second.add(end + ":1");
    }
    List<String> pair = new ArrayList<>(single);
    pair.addAll(second);
    return json.normalizer(Parts.part("NFC"))
        .postProcessor(Parts.template(single, pair, json.added().ids()))
        .json();
  }

  ObjectNode qwen2() {
    return tokenizer()
        .addNamed(QWEN_TOKENS)
        .normalizer(Parts.part("NFC"))
        .preTokenizer(
            Parts.preTokenizers(
                Parts.split("Regex", QWEN_WORDS, "Isolated", false),
                Parts.byteLevel(prefixSpace, true, false)))
        .postProcessor(Parts.byteLevel(true, false, true))
        .json();
  }

  /** Liu et al. 2019; BART and Longformer as well. */
  ObjectNode roberta() {
    TokenizerJson json = tokenizer().addNamed(ROBERTA_TOKENS);
    return json.postProcessor(around(json, SEP, CLS, true, prefixSpace, ROBERTA_TOKENS)).json();
  }

  private static ObjectNode around(
      TokenizerJson json, String end, String start, boolean trim, boolean prefix, String... names) {
    AddedToken last = json.named(end, names);
    AddedToken first = json.named(start, names);
    if (last == null || first == null) {
      throw new IllegalStateException("families have defaults for both");
    }
    return Parts.part(
        "RobertaProcessing",
        "sep",
        List.<Object>of(last.text(), json.added().id(last.text())),
        "cls",
        List.<Object>of(first.text(), json.added().id(first.text())),
        "trim_offsets",
        trim,
        "add_prefix_space",
        prefix);
  }

  /** Radford et al. 2022: what a transcript begins with, by language and task if they are set. */
  ObjectNode whisper() {
    TokenizerJson json = tokenizer().addNamed(GPT2_TOKENS);
    List<String> single = new ArrayList<>();
    if (json.added().has(START)) {
      single.add(START);
    }
    String language = files.text("language", null);
    if (language != null) {
      single.add(required(json, "language", SpeechLanguages.token(language), language));
    }
    String task = files.text("task", null);
    if (task != null) {
      boolean known = List.of("transcribe", "translate").contains(task);
      single.add(required(json, "task", known ? "<|" + task + "|>" : "", task));
    }
    if (json.added().has(NO_TIMES) && !files.flag("predict_timestamps", false)) {
      single.add(NO_TIMES);
    }
    single.add("$A");
    List<String> pair = new ArrayList<>(single);
    pair.add("$B:1");
    String end = json.text(EOS, GPT2_TOKENS);
    if (end != null) {
      single.add(end);
      pair.add(end + ":1");
    }
    return json.postProcessor(Parts.template(single, pair, json.added().ids())).json();
  }

  /**
   * A token of the list.
   *
   * @param token empty where the entry makes no sense
   */
  private String required(TokenizerJson json, String entry, String token, String value) {
    if (token.isEmpty() || !json.added().has(token)) {
      throw new FileFormatException(
          files.file("tokenizer_config.json"),
          "'" + entry + "' is '" + value + "', for which there is no token");
    }
    return token;
  }

  /** Radford et al. 2021: lower case, and an end of words in the vocabulary. */
  ObjectNode clip() {
    model.put("end_of_word_suffix", "</w>").put("unk_token", END_OF_TEXT);
    TokenizerJson json = tokenizer().addNamed(CLIP_TOKENS);
    return json.normalizer(
            Parts.normalizers(
                List.of(
                    Parts.part("NFC"), Parts.replaceMatches("\\s+", " "), Parts.part("Lowercase"))))
        .preTokenizer(
            Parts.preTokenizers(
                Parts.split("Regex", CLIP_WORDS, "Removed", true),
                Parts.byteLevel(false, true, true)))
        .postProcessor(around(json, EOS, BOS, false, false, CLIP_TOKENS))
        // in transformers a step of its own behind the library
        .decoder(
            Parts.decoders(
                Parts.byteLevel(true, true, true),
                Parts.replace("</w>", " "),
                Parts.replaceMatches("(?<![\\s\\S])\\s+|\\s+(?![\\s\\S])", "")))
        .json();
  }
}
