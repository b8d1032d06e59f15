package org.attention4j.models.token.convert;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.attention4j.error.FileFormatException;

/**
 * Which files make which tokenizer.
 *
 * <p>Source: {@code convert_slow_tokenizer.py} of Hugging Face's transformers 4.57; ids, not lines,
 * are what is taken from there.
 */
public final class Conversion {
  private static final String SPIECE = "spiece.model";
  private static final String SENTENCEPIECE = "sentencepiece.bpe.model";
  private static final String TOKENIZER_MODEL = "tokenizer.model";

  private static final List<String> BYTE_LEVEL =
      List.of(ByteLevelBpe.VOCABULARY, ByteLevelBpe.MERGES);

  /**
   * How one kind is made.
   *
   * @param needs files, all of them
   * @param classes what transformers calls such tokenizers
   * @param families whose models have them where nobody names a class
   */
  private record Kind(
      List<String> needs,
      List<String> classes,
      List<String> families,
      Function<TokenizerFiles, ObjectNode> maker) {

    boolean in(TokenizerFiles files) {
      return needs.stream().allMatch(files::has);
    }
  }

  private static final Kind BERT =
      new Kind(
          List.of(WordPiece.VOCABULARY),
          List.of(
              "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer"),
          List.of("bert", "distilbert", "electra", "mobilebert"),
          WordPiece::bert);

  private static final Kind MARIAN =
      new Kind(
          List.of(Marian.SOURCE, Marian.TARGET, Marian.VOCABULARY),
          List.of("MarianTokenizer"),
          List.of("marian"),
          files -> Marian.json(files, Marian.SOURCE));

  private static final List<Kind> KINDS =
      List.of(
          BERT,
          MARIAN,
          new Kind(
              BYTE_LEVEL,
              List.of("GPT2Tokenizer", "CodeGenTokenizer"),
              List.of("gpt2", "gptj", "gpt_neo", "opt", "phi", "codegen"),
              files -> new ByteLevelBpe(files).gpt2()),
          new Kind(
              BYTE_LEVEL,
              List.of("GPTNeoXTokenizer"),
              List.of("gpt_neox", "mpt"),
              files -> new ByteLevelBpe(files).gptNeoX()),
          new Kind(
              BYTE_LEVEL,
              List.of("Qwen2Tokenizer"),
              List.of("qwen2", "qwen3"),
              files -> new ByteLevelBpe(files).qwen2()),
          new Kind(
              BYTE_LEVEL,
              List.of("RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer"),
              List.of("roberta", "bart", "longformer", "led"),
              files -> new ByteLevelBpe(files).roberta()),
          new Kind(
              BYTE_LEVEL,
              List.of("WhisperTokenizer"),
              List.of("whisper"),
              files -> new ByteLevelBpe(files).whisper()),
          new Kind(
              BYTE_LEVEL,
              List.of("CLIPTokenizer"),
              List.of("clip", "clip_text_model"),
              files -> new ByteLevelBpe(files).clip()),
          new Kind(
              List.of(SPIECE),
              List.of("T5Tokenizer"),
              List.of("t5", "mt5"),
              files -> new SentencePieceUnigram(files, SPIECE).t5()),
          new Kind(
              List.of(SPIECE),
              List.of("PegasusTokenizer"),
              List.of("pegasus"),
              files -> new SentencePieceUnigram(files, SPIECE).pegasus()),
          new Kind(
              List.of(SENTENCEPIECE),
              List.of("XLMRobertaTokenizer"),
              List.of("xlm-roberta"),
              files -> new SentencePieceUnigram(files, SENTENCEPIECE).xlmRoberta()),
          new Kind(
              List.of(SENTENCEPIECE),
              List.of("CamembertTokenizer"),
              List.of("camembert"),
              files -> new SentencePieceUnigram(files, SENTENCEPIECE).camembert()),
          new Kind(
              List.of(TOKENIZER_MODEL),
              List.of("LlamaTokenizer"),
              List.of("llama", "mistral", "mixtral", "phi3"),
              files -> new SentencePieceBpe(files, TOKENIZER_MODEL).llama()),
          new Kind(
              List.of(TOKENIZER_MODEL),
              List.of("GemmaTokenizer"),
              List.of("gemma", "gemma2", "gemma3", "gemma3_text"),
              files -> new SentencePieceBpe(files, TOKENIZER_MODEL).gemma()));

  private Conversion() {}

  /** Whether a directory has files of a kind that is known here. */
  public static boolean serves(Path directory) {
    TokenizerFiles files = new TokenizerFiles(directory);
    return kind(files).filter(kind -> kind.in(files)).isPresent();
  }

  /**
   * The {@code tokenizer.json} of a directory's files; of a translator that has two vocabularies,
   * the one for the texts that it reads.
   *
   * @return empty if it has no such files, or nobody says what they are
   * @throws FileFormatException if a file is damaged
   * @throws org.attention4j.error.StorageException if one cannot be read
   */
  public static Optional<ObjectNode> of(Path directory) {
    TokenizerFiles files = new TokenizerFiles(directory);
    return kind(files).filter(kind -> kind.in(files)).map(kind -> kind.maker.apply(files));
  }

  /**
   * The same for the texts that a translator writes, where its files have another vocabulary for
   * these.
   *
   * @return empty if they are read as all others
   */
  public static Optional<ObjectNode> ofTargets(Path directory) {
    TokenizerFiles files = new TokenizerFiles(directory);
    return kind(files)
        .filter(kind -> kind.equals(MARIAN) && kind.in(files))
        .map(kind -> Marian.json(files, Marian.TARGET));
  }

  /**
   * Whether the texts that a translator writes have ids of their own, so that no single {@code
   * tokenizer.json} serves it.
   */
  public static boolean separatesTargets(Path directory) {
    if (!Files.isRegularFile(directory.resolve(Marian.TARGET))) {
      return false;
    }
    TokenizerFiles files = new TokenizerFiles(directory);
    return kind(files).filter(kind -> kind.equals(MARIAN) && kind.in(files)).isPresent()
        && Marian.separates(files);
  }

  /** By the tokenizer's class, else by the model's family, else by the files themselves. */
  private static Optional<Kind> kind(TokenizerFiles files) {
    String name = files.tokenizerClass();
    if (!name.isEmpty() && !name.startsWith("PreTrainedTokenizer")) {
      return find(kind -> kind.classes.contains(name));
    }
    String family = files.modelType();
    if (!family.isEmpty()) {
      return find(kind -> kind.families.contains(family));
    }
    // files that only one kind has
    return List.of(BERT, MARIAN).stream().filter(kind -> kind.in(files)).findFirst();
  }

  private static Optional<Kind> find(Predicate<Kind> which) {
    return KINDS.stream().filter(which).findFirst();
  }
}
