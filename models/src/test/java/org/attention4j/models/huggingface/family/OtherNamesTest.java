package org.attention4j.models.huggingface.family;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.attention4j.models.family.Config;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Entries under other names, as transformers takes them")
final class OtherNamesTest {
  @TempDir Path directory;

  private Map<String, String> shapes(String entries) throws Exception {
    Path file = directory.resolve("config.json");
    Files.writeString(file, "{" + entries + ", \"vocab_size\": 9}");
    Weights weights = Parameters.init(Program.of(Architectures.read(Config.read(file))), 1);
    return new TreeMap<>(
        weights.tensors().entrySet().stream()
            .collect(
                Collectors.toMap(Map.Entry::getKey, e -> Arrays.toString(e.getValue().shape()))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt2 | n_embd=6,n_head=3,n_layer=1,n_positions=5"
            + " | hidden_size=6,num_attention_heads=3,num_hidden_layers=1,max_position_embeddings=5",
        "bloom | hidden_size=6,n_head=3,n_layer=1"
            + " | n_embed=6,num_attention_heads=3,num_hidden_layers=1",
        "bart | d_model=6,encoder_attention_heads=3,encoder_layers=1,decoder_attention_heads=2"
            + " | hidden_size=6,num_attention_heads=3,num_hidden_layers=1,decoder_attention_heads=2",
        "distilbert | dim=6,n_heads=3,n_layers=1,id2label=[0, 1, 2]"
            + " | hidden_size=6,num_attention_heads=3,num_hidden_layers=1,num_labels=3",
        "gpt2 | n_embd=6,n_head=3,n_layer=1 | n_embd=6,n_head=3,n_layer=1,num_hidden_layers=2"
      })
  @DisplayName("give the same weights, and count only where the own name is not given")
  void sameWeights(String type, String own, String other) throws Exception {
    assertEquals(shapes(json(type, own)), shapes(json(type, other)));
  }

  private static String json(String type, String entries) {
    String head = type.equals("distilbert") ? "DistilBertForSequenceClassification" : "";
    String begin = "\"model_type\": \"" + type + "\", \"architectures\": [\"" + head + "\"], ";
    return begin + entries.replaceAll("(\\w+)=", "\"$1\": ");
  }
}
