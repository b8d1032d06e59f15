package org.attention4j.models.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.store.JsonFile;
import org.attention4j.nn.Linear;
import org.attention4j.nn.LowRank;

/**
 * What {@code adapter_config.json} says, the file of the Python library PEFT.
 *
 * @param rank of the updates
 * @param alpha scale is alpha / rank, or alpha / sqrt(rank) if rank-stabilised
 * @param rankStabilised Kalajdzievski 2023
 * @param targets ends of the paths of the layers, after a dot or whole; one with other characters
 *     than letters, digits, dots, underscores and hyphens is a regular expression for whole paths;
 *     {@code all-linear} is every linear layer
 * @param savedModules paths of layers that are trained as a whole, such as a new head
 * @param base where the model is that it belongs to, as the file says
 * @param alphas of layers that have another one, by targets as above; the first match counts
 * @param bias which biases were trained besides
 * @param decomposed whether the weights' rows are brought to learned magnitudes (DoRA; Liu et al.
 *     2024)
 * @param tokens rows of tables that the adapter has of its own
 */
public record AdapterConfig(
    int rank,
    double alpha,
    double dropout,
    boolean rankStabilised,
    List<String> targets,
    List<String> savedModules,
    String base,
    Map<String, Double> alphas,
    Bias bias,
    boolean decomposed,
    TokenRows tokens) {
  /** Which biases of the base model were trained, in PEFT's words. */
  public enum Bias {
    NONE,
    ALL,
    LORA_ONLY
  }

  static final String FILE = "adapter_config.json";
  private static final String ALL = "all-linear";
  private static final Pattern NAME = Pattern.compile("[\\w.-]+");

  /** Entries that change the numbers and are not served, with what leaves them unchanged. */
  private static final List<String> UNSERVED =
      List.of(
          "use_qalora",
          "layer_replication",
          "target_parameters",
          "arrow_config",
          "alora_invocation_tokens",
          "use_bdlora",
          "kasa_config",
          "monteclora_config",
          "velora_config");

  /** Starts that leave the weights of the base model as they are. */
  private static final List<String> STARTS =
      List.of("true", "false", "gaussian", "eva", "orthogonal");

  public AdapterConfig {
    targets = List.copyOf(targets);
    savedModules = List.copyOf(savedModules);
    alphas = Collections.unmodifiableMap(new LinkedHashMap<>(alphas)); // in their order
    if (rank < 1 || !Double.isFinite(alpha) || !(dropout >= 0 && dropout < 1)) {
      throw new UsageException(
          "an adapter has a rank from 1 on, a finite alpha and a dropout from 0 to less than 1,"
              + " not "
              + rank
              + ", "
              + alpha
              + ", "
              + dropout);
    }
    if (targets.isEmpty()) {
      throw new UsageException("an adapter needs layers to adapt, such as q_proj,v_proj");
    }
  }

  /** A new adapter without stabilisation. */
  public static AdapterConfig of(int rank, double alpha, double dropout, List<String> targets) {
    return new AdapterConfig(
        rank,
        alpha,
        dropout,
        false,
        targets,
        List.of(),
        "",
        Map.of(),
        Bias.NONE,
        false,
        TokenRows.NONE);
  }

  /** For a model at a place, with layers that are trained as a whole. */
  public AdapterConfig on(String newBase, List<String> newSaved) {
    return new AdapterConfig(
        rank,
        alpha,
        dropout,
        rankStabilised,
        targets,
        newSaved,
        newBase,
        alphas,
        bias,
        decomposed,
        tokens);
  }

  /**
   * The same for the layers that a file has, whatever the targets say.
   *
   * @param layers from paths of the model to the names that the file has for them
   * @param linear paths of all linear layers
   */
  AdapterConfig placed(Map<String, String> layers, Set<String> linear) {
    boolean all =
        linear.stream()
            .allMatch(
                path ->
                    layers.containsKey(path) == targets.stream().anyMatch(t -> matches(t, path)));
    Map<String, Double> own = new LinkedHashMap<>();
    layers.forEach(
        (path, name) ->
            alphas.entrySet().stream()
                .filter(entry -> ForeignPattern.matches("(.*\\.)?(" + entry.getKey() + ")", name))
                .findFirst()
                .ifPresent(entry -> own.put(path, entry.getValue())));
    return new AdapterConfig(
        rank,
        alpha,
        dropout,
        rankStabilised,
        all || layers.isEmpty() ? targets : List.copyOf(layers.keySet()),
        savedModules,
        base,
        own,
        bias,
        decomposed,
        tokens);
  }

  /** Factor of the product of the two matrices of a layer. */
  double scale(int ofRank, String path) {
    return alphas.getOrDefault(path, alpha) / (rankStabilised ? Math.sqrt(ofRank) : ofRank);
  }

  /**
   * The paths of the layers of a model that it adapts.
   *
   * @throws UsageException if a target is the path of no linear layer
   */
  public List<String> layers(Pretrained model) {
    Collection<String> linear = LinearLayers.of(model).keySet();
    List<String> matched = new ArrayList<>();
    for (String target : targets) {
      List<String> paths = linear.stream().filter(path -> matches(target, path)).toList();
      if (paths.isEmpty()) {
        throw new UsageException(
            "'"
                + target
                + "' is no linear layer of this "
                + model.family()
                + "; it has "
                + linear.stream()
                    .map(path -> path.substring(path.lastIndexOf('.') + 1))
                    .distinct()
                    .sorted()
                    .toList());
      }
      matched.addAll(paths);
    }
    return linear.stream()
        .filter(matched::contains)
        .filter(path -> !saves(path + ".weight"))
        .toList();
  }

  private static boolean matches(String target, String path) {
    if (target.equals(ALL)) {
      return true;
    }
    return NAME.matcher(target).matches()
        ? path.equals(target) || path.endsWith("." + target)
        : ForeignPattern.matches(target, path);
  }

  /** Whether a parameter is trained in full: it is below one of the saved modules. */
  boolean saves(String path) {
    return savedModules.stream()
        .anyMatch(m -> path.startsWith(m + ".") || path.contains("." + m + "."));
  }

  /** Whether a parameter is a bias that was trained besides. */
  boolean trainsBias(String path) {
    return bias == Bias.ALL && path.endsWith("bias");
  }

  /** The adapter of a model's layers. */
  LowRank adapter(Pretrained model) {
    String paths = layers(model).stream().map(Pattern::quote).collect(Collectors.joining("|"));
    return new LowRank(rank, scale(rank, ""), dropout, paths);
  }

  /** Regular expression for the parameters that are trained. */
  String trained() {
    List<String> parts = new ArrayList<>(List.of(".*\\.lora_[AB]\\.weight"));
    savedModules.forEach(m -> parts.add("(.*\\.)?" + Pattern.quote(m) + "\\..*"));
    return String.join("|", parts);
  }

  // ---- on disk

  /**
   * Reads the file of a directory.
   *
   * @throws FileFormatException if it is damaged, or describes another kind of adapter
   */
  static AdapterConfig read(Path directory) {
    Path file = directory.resolve(FILE);
    Config config = Config.read(file);
    config.require("peft_type", "LORA");
    String start = config.json().path("init_lora_weights").asText("true");
    if (!STARTS.contains(start)) {
      throw config.wrong(
          "init_lora_weights", "a start that leaves the base model's weights alone", start);
    }
    for (String name : UNSERVED) {
      JsonNode value = config.json().path(name);
      boolean off = value.isContainerNode() ? value.isEmpty() : !value.asBoolean(true);
      if (config.has(name) && !off) {
        throw new FileFormatException(
            file, "'" + name + "' is " + value + ", which is not supported");
      }
    }
    try {
      return new AdapterConfig(
          config.size("r"),
          config.number("lora_alpha", 8),
          config.number("lora_dropout", 0),
          config.flag("use_rslora", false),
          texts(config, "target_modules"),
          texts(config, "modules_to_save"),
          config.text("base_model_name_or_path", ""),
          alphas(config),
          bias(config),
          config.flag("use_dora", false),
          TokenRows.read(config));
    } catch (UsageException e) {
      throw new FileFormatException(file, String.valueOf(e.getMessage()), e);
    } catch (PatternSyntaxException e) {
      throw new FileFormatException(
          file, "'target_modules' or 'alpha_pattern': " + e.getMessage(), e);
    }
  }

  private static Bias bias(Config config) {
    String name = config.text("bias", "none");
    for (Bias bias : Bias.values()) {
      if (bias.name().equalsIgnoreCase(name)) {
        return bias;
      }
    }
    throw config.wrong("bias", "none, all or lora_only", name);
  }

  private static Map<String, Double> alphas(Config config) {
    Map<String, Double> alphas = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : config.json().path("alpha_pattern").properties()) {
      if (!entry.getValue().isNumber()) {
        throw config.wrong("alpha_pattern", "numbers", entry.getValue());
      }
      Pattern.compile(entry.getKey());
      alphas.put(entry.getKey(), entry.getValue().doubleValue());
    }
    return alphas;
  }

  private static List<String> texts(Config config, String name) {
    return config.has(name) && config.json().path(name).isTextual()
        ? List.of(config.text(name))
        : config.texts(name);
  }

  /** What goes into the file. */
  ObjectNode json(Pretrained model) {
    ObjectNode json = JsonFile.object();
    json.put("peft_type", "LORA");
    String task = taskType(model.task());
    if (task.isEmpty()) {
      json.putNull("task_type");
    } else {
      json.put("task_type", task);
    }
    json.put("base_model_name_or_path", base)
        .put("inference_mode", true)
        .put("r", rank)
        .put("lora_alpha", alpha)
        .put("lora_dropout", dropout)
        .put("use_rslora", rankStabilised)
        .put("use_dora", false)
        .put("bias", "none")
        .put("init_lora_weights", true);
    List<String> layers = layers(model);
    boolean resolved = targets.contains(ALL) || targets.stream().anyMatch(t -> !plain(t));
    json.set("target_modules", JsonFile.tree(resolved ? layers : targets));
    json.set("modules_to_save", savedModules.isEmpty() ? null : JsonFile.tree(savedModules));
    json.put("fan_in_fan_out", fanInFirst(model, layers));
    json.putObject("rank_pattern");
    json.putObject("alpha_pattern");
    return json;
  }

  private static boolean plain(String target) {
    return NAME.matcher(target).matches();
  }

  /** PEFT wants to know whether weights are stored [in, out]. */
  private static boolean fanInFirst(Pretrained model, List<String> layers) {
    return LinearLayers.of(model).entrySet().stream()
        .filter(entry -> layers.contains(entry.getKey()))
        .map(entry -> entry.getValue())
        .anyMatch((Linear layer) -> layer.style().inFirst());
  }

  /** Empty for encoder-decoders, too: PEFT 0.21 cannot wrap those of transformers 5 otherwise. */
  private static String taskType(Task task) {
    return switch (task) {
      case CAUSAL_LM -> "CAUSAL_LM";
      case SEQUENCE_CLASSIFICATION -> "SEQ_CLS";
      case TOKEN_CLASSIFICATION -> "TOKEN_CLS";
      case QUESTION_ANSWERING -> "QUESTION_ANS";
      case FEATURES -> "FEATURE_EXTRACTION";
      default -> "";
    };
  }
}
