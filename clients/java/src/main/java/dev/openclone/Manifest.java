package dev.openclone;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.openclone.OpenCloneException.InvalidOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code plugin.json} says of a plugin.
 *
 * @param directory where it is, beside {@code openclone.conf}
 * @param id kebab-case
 * @param version SemVer
 * @param name for people
 * @param sourceTypes what the plugin captures
 * @param sensitivity as declared, and at least that of the source types
 * @param heartbeatSeconds how often it reports that it works; 0 if not
 * @param configSchema the settings: each with {@code type}, and perhaps {@code default}, {@code enum}, {@code minimum} and {@code maximum}
 */
public record Manifest(
    Path directory, String id, String version, String name, List<SourceType> sourceTypes, Sensitivity sensitivity, int heartbeatSeconds,
    JsonObject configSchema) {
  private static final Set<String> TYPES = Set.of("integer", "number", "string", "boolean", "array", "object");
  private static final Pattern SETTING = Pattern.compile("\\s*([A-Za-z_][\\w.-]*)\\s*=\\s*(.*?)\\s*");

  /**
   * Reads {@code plugin.json}.
   *
   * @param directory where it is; null for {@code OPENCLONE_PLUGIN_DIR}, else the working directory
   * @return the manifest
   * @throws InvalidOptions if it cannot be read or a member is missing
   */
  public static Manifest read(Path directory) {
    String variable = System.getenv("OPENCLONE_PLUGIN_DIR");
    Path where = directory != null ? directory : Path.of(variable == null || variable.isEmpty() ? "." : variable);
    Path file = where.resolve("plugin.json");
    try {
      return of(where, JsonParser.parseString(text(file)).getAsJsonObject());
    } catch (IOException | JsonParseException error) {
      throw new InvalidOptions("manifest: " + file + " cannot be read: " + error.getMessage(), error);
    } catch (IllegalStateException | IllegalArgumentException | NullPointerException | UnsupportedOperationException | InvalidOptions error) {
      throw new InvalidOptions("manifest: " + file + ": a member is missing or not of its type; openclone plugins lint says more", error);
    }
  }

  private static Manifest of(Path directory, JsonObject document) {
    List<SourceType> types = new ArrayList<>();
    document.getAsJsonArray("source_types").forEach(name -> types.add(SourceType.named(name.getAsString())));
    Sensitivity level = Sensitivity.valueOf(document.get("sensitivity").getAsString());
    for (SourceType type : types) {
      level = type.sensitivity().compareTo(level) > 0 ? type.sensitivity() : level;
    }
    JsonObject schema = document.has("config_schema") ? document.getAsJsonObject("config_schema") : new JsonObject();
    for (Map.Entry<String, JsonElement> setting : schema.entrySet()) {
      if (!TYPES.contains(setting.getValue().getAsJsonObject().get("type").getAsString())) {
        throw new IllegalArgumentException(setting.getKey());
      }
    }
    if (types.isEmpty()) {
      throw new IllegalArgumentException("source_types");
    }
    int heartbeat = document.has("heartbeat_seconds") ? document.get("heartbeat_seconds").getAsInt() : 0;
    return new Manifest(
        directory, document.get("id").getAsString(), document.get("version").getAsString(), document.get("name").getAsString(), List.copyOf(types), level,
        heartbeat, schema);
  }

  /**
   * Reads {@code openclone.conf}; what it leaves out has its default.
   *
   * @return texts, booleans, {@code Long} for integers, {@code Double} for numbers, lists and maps of these, by name
   * @throws InvalidOptions with file and line, if a setting cannot be
   */
  public Map<String, Object> config() {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> setting : configSchema.entrySet()) {
      JsonObject entry = setting.getValue().getAsJsonObject();
      if (entry.has("default")) {
        values.put(setting.getKey(), plain(entry.get("default"), entry.get("type").getAsString()));
      }
    }
    Path file = directory.resolve("openclone.conf");
    try {
      List<String> lines = text(file).lines().toList();
      for (int index = 0; index < lines.size(); ++index) {
        String line = lines.get(index).strip();
        if (!line.isEmpty() && !line.startsWith("#")) {
          read(line, file + ":" + (index + 1) + ": ", values);
        }
      }
    } catch (NoSuchFileException none) {
      return values;
    } catch (IOException error) {
      throw new InvalidOptions("manifest: " + file + " cannot be read: " + error, error);
    }
    return values;
  }

  private void read(String line, String where, Map<String, Object> values) {
    Matcher match = SETTING.matcher(line);
    if (!match.matches()) {
      throw new InvalidOptions(where + "write `name = value`");
    }
    String name = match.group(1);
    if (!configSchema.has(name)) {
      throw new InvalidOptions(where + "there is no setting " + name + "; the settings are " + String.join(", ", configSchema.keySet()));
    }
    values.put(name, value(match.group(2), configSchema.getAsJsonObject(name), where + name));
  }

  private static Object value(String text, JsonObject setting, String where) {
    String type = setting.get("type").getAsString();
    Object value = type.equals("string") && !text.startsWith("\"") ? text : plain(parsed(text), type);
    boolean fits =
        switch (type) {
          case "integer" -> value instanceof Long;
          case "number" -> value instanceof Double;
          case "string" -> value instanceof String;
          case "boolean" -> value instanceof Boolean;
          case "array" -> value instanceof List;
          default -> value instanceof Map;
        };
    if (!fits) {
      throw new InvalidOptions(where + " must be of type " + type + ", such as " + setting.get("default"));
    }
    if (setting.has("enum")) {
      List<Object> allowed = new ArrayList<>();
      setting.getAsJsonArray("enum").forEach(one -> allowed.add(plain(one, type)));
      if (!allowed.contains(value)) {
        throw new InvalidOptions(where + " must be one of " + allowed);
      }
    }
    if (value instanceof Number number && setting.has("minimum") && number.doubleValue() < setting.get("minimum").getAsDouble()) {
      throw new InvalidOptions(where + " must be at least " + setting.get("minimum"));
    }
    if (value instanceof Number number && setting.has("maximum") && number.doubleValue() > setting.get("maximum").getAsDouble()) {
      throw new InvalidOptions(where + " must be at most " + setting.get("maximum"));
    }
    return value;
  }

  private static JsonElement parsed(String text) {
    try {
      JsonElement element = JsonParser.parseString(text);
      // The parser is lenient; only what is written as JSON is taken.
      boolean isBare = element.isJsonPrimitive() && element.getAsJsonPrimitive().isString() && !text.startsWith("\"");
      return isBare ? null : element;
    } catch (JsonParseException error) {
      return null;
    }
  }

  private static Object plain(JsonElement element, String type) {
    if (element == null || element.isJsonNull()) {
      return null;
    }
    if (element.isJsonArray()) {
      List<Object> items = new ArrayList<>();
      element.getAsJsonArray().forEach(item -> items.add(plain(item, "number")));
      return items;
    }
    if (element.isJsonObject()) {
      Map<String, Object> members = new LinkedHashMap<>();
      element.getAsJsonObject().entrySet().forEach(member -> members.put(member.getKey(), plain(member.getValue(), "number")));
      return members;
    }
    if (element.getAsJsonPrimitive().isBoolean()) {
      return element.getAsBoolean();
    }
    if (element.getAsJsonPrimitive().isString()) {
      return element.getAsString();
    }
    double number = element.getAsDouble();
    // A number without a fraction is an integer where the schema wants one.
    return type.equals("integer") && number == Math.rint(number) && Math.abs(number) < 1L << 53 ? (Object) (long) number : (Object) number;
  }

  private static String text(Path file) throws IOException {
    String text = Files.readString(file);
    return text.startsWith("\ufeff") ? text.substring(1) : text;
  }
}
