package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options of {@code train} from files: {@code --config FILE} and, with {@code --resume}, those that
 * the run began with. They stand before the options of the command line, which win.
 */
final class ArgumentFiles {
  /** Where a run keeps its options. */
  static final String FILE = "training.json";

  private static final String OPTIONS = "options";
  private static final List<String> NOT_KEPT =
      List.of("--help", "--json", "--quiet", "--stacktrace", "--resume", "--config", "--out");

  private ArgumentFiles() {}

  static String[] expand(CommandLine line, String... arguments) {
    if (arguments.length == 0 || !arguments[0].equals("train")) {
      return arguments;
    }
    CommandLine command = line.getSubcommands().get("train");
    if (command == null) {
      return arguments;
    }
    CommandSpec train = command.getCommandSpec();
    List<String> expanded = new ArrayList<>(List.of("train"));
    String out = value("--out", arguments);
    if (List.of(arguments).contains("--resume") && out != null) {
      Path file = Path.of(out).resolve(FILE);
      if (!Files.exists(file)) {
        throw new StorageException("there is nothing to resume in " + out + ": no " + FILE);
      }
      expanded.addAll(options(train, file));
    }
    String config = value("--config", arguments);
    if (config != null) {
      expanded.addAll(options(train, Path.of(config)));
    }
    expanded.addAll(List.of(arguments).subList(1, arguments.length));
    return expanded.toArray(String[]::new);
  }

  private static @Nullable String value(String name, String... arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].startsWith(name + "=")) {
        return arguments[i].substring(name.length() + 1);
      }
      if (arguments[i].equals(name) && i + 1 < arguments.length) {
        return arguments[i + 1];
      }
    }
    return null;
  }

  /** A JSON object of option names, without the dashes, and values; or one below "options". */
  private static List<String> options(CommandSpec train, Path file) {
    JsonNode json = JsonFile.read(file);
    JsonNode entries = json.path(OPTIONS).isObject() ? json.path(OPTIONS) : json;
    List<String> options = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : entries.properties()) {
      String name = "--" + entry.getKey();
      if (train.findOption(name) == null || NOT_KEPT.contains(name)) {
        throw new UsageException(file + ": 'train' has no option '" + entry.getKey() + "'");
      }
      if (!entry.getValue().isValueNode()) {
        throw new UsageException(
            file + ": '" + entry.getKey() + "' should be one value, not " + entry.getValue());
      }
      options.add(name + "=" + entry.getValue().asText());
    }
    return options;
  }

  /** Keeps the options of a run. */
  static void save(CommandSpec train, Path directory) {
    ObjectNode json = JsonFile.object();
    ObjectNode entries = json.putObject(OPTIONS);
    values(train).forEach(entries::put);
    JsonFile.write(directory.resolve(FILE), json);
  }

  private static Map<String, String> values(CommandSpec train) {
    Map<String, String> values = new LinkedHashMap<>();
    for (OptionSpec option : train.options()) {
      Object value = option.getValue();
      if (value != null
          && !NOT_KEPT.contains(option.longestName())
          && !(value instanceof Map<?, ?> settings && settings.isEmpty())) {
        values.put(option.longestName().substring(2), text(value));
      }
    }
    return values;
  }

  /** As it would be written behind the option's name. */
  private static String text(Object value) {
    if (value instanceof Map<?, ?> settings) {
      return settings.entrySet().stream().map(Object::toString).collect(Collectors.joining(","));
    }
    return (value instanceof Path path ? path.toAbsolutePath() : value).toString();
  }

  /**
   * Refuses to go on with other options than the run began with.
   *
   * @param changeable options that make no difference to the result
   */
  static void requireSame(CommandSpec train, Path directory, List<String> changeable) {
    JsonNode saved = JsonFile.read(directory.resolve(FILE)).path(OPTIONS);
    List<String> different = new ArrayList<>();
    values(train)
        .forEach(
            (name, value) -> {
              String before = saved.path(name).asText("none");
              if (!before.equals(value) && !changeable.contains(name)) {
                different.add("--" + name + " was " + before + ", not " + value);
              }
            });
    if (!different.isEmpty()) {
      throw new UsageException("a resumed run keeps its options: " + String.join("; ", different));
    }
  }
}
