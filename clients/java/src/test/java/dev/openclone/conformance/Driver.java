package dev.openclone.conformance;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.openclone.Event;
import dev.openclone.HealthState;
import dev.openclone.OnFull;
import dev.openclone.OpenClone;
import dev.openclone.OpenCloneBuilder;
import dev.openclone.OpenCloneException;
import dev.openclone.Platform;
import dev.openclone.RejectedEvent;
import dev.openclone.SourceType;
import dev.openclone.Stats;
import dev.openclone.Transport;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** The driver of the conformance table: a JSON command a line on standard input, a response a line on standard output. */
public final class Driver {
  private final List<String> errors = new CopyOnWriteArrayList<>();
  private final List<String> rejected = new CopyOnWriteArrayList<>();
  private OpenClone client;
  private JsonObject options;
  private SourceType sourceType;
  private final AtomicInteger recovered = new AtomicInteger();

  private Driver() {}

  /** Runs until standard input ends, then dies without closing the client, as a crash would. */
  public static void main(String[] arguments) throws IOException {
    Driver driver = new Driver();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line; (line = in.readLine()) != null; ) {
      out.println(driver.response(JsonParser.parseString(line).getAsJsonObject()));
      out.flush();
    }
    Runtime.getRuntime().halt(0);
  }

  private JsonObject response(JsonObject command) {
    JsonObject response = new JsonObject();
    response.addProperty("ok", true);
    try {
      switch (command.get("do").getAsString()) {
        case "open" -> open(command.getAsJsonObject("options"), command.get("manifest"));
        case "send" -> {
          return send(command.getAsJsonArray("events"));
        }
        case "generate" -> {
          return generate(command.get("prefix").getAsString(), command.get("count").getAsInt());
        }
        case "flush" -> client.flush(seconds(command.get("timeout")));
        case "close" -> client.close(seconds(command.get("timeout")));
        case "stats" -> response.add("stats", stats(client.stats()));
        case "events" -> {
          response.add("errors", array(errors));
          response.add("rejected", array(rejected));
          response.addProperty("recovered", recovered.get());
        }
        case "config" -> {
          response.add("config", new Gson().toJsonTree(client.config()));
          response.addProperty("device_id", client.deviceId());
        }
        case "paused" -> response.addProperty("paused", client.isPaused());
        case "report_health" -> {
          JsonElement reason = command.get("reason");
          client.reportHealth(constant(HealthState.class, command.get("state")), reason == null ? "" : reason.getAsString());
        }
        case "rival" -> {
          return rival();
        }
        case "show" -> response.addProperty("text", client.toString());
        default -> throw new IllegalArgumentException("unknown command " + command.get("do"));
      }
      return response;
    } catch (OpenCloneException error) {
      return error(error);
    }
  }

  /** Another thread, and the classes loaded once more, open the same state directory. */
  private JsonObject rival() {
    JsonObject here = error(openOnly(options.toString()));
    JsonObject copied = error(openInCopy(options.toString()));
    return copied.get("error").getAsString().equals("SpoolLocked") ? here : copied;
  }

  private static JsonObject error(String nameAndMessage) {
    JsonObject response = new JsonObject();
    response.addProperty("error", nameAndMessage.substring(0, nameAndMessage.indexOf(':')));
    response.addProperty("message", nameAndMessage);
    return response;
  }

  private static String openInCopy(String options) {
    URL[] path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).map(Driver::url).toArray(URL[]::new);
    try (URLClassLoader loader = new URLClassLoader(path, ClassLoader.getPlatformClassLoader())) {
      return (String) loader.loadClass(Driver.class.getName()).getMethod("openOnly", String.class).invoke(null, options);
    } catch (ReflectiveOperationException | IOException error) {
      throw new IllegalStateException(error);
    }
  }

  private static URL url(String path) {
    try {
      return Path.of(path).toUri().toURL();
    } catch (MalformedURLException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Opens a client in a thread of its own; the name of the error and its message. */
  public static String openOnly(String options) {
    CompletableFuture<String> outcome = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                new Driver().open(JsonParser.parseString(options).getAsJsonObject(), null);
                outcome.complete("Opened: a second client");
              } catch (OpenCloneException error) {
                outcome.complete(error.getClass().getSimpleName() + ": " + error.getMessage());
              }
            });
    thread.start();
    return outcome.join();
  }

  private void open(JsonObject options, JsonElement manifest) {
    this.options = options;
    errors.clear();
    rejected.clear();
    OpenCloneBuilder builder = manifest == null ? OpenClone.builder() : OpenClone.fromManifest(Path.of(manifest.getAsString()));
    builder.onRecovered(recovered::incrementAndGet).onError(error -> errors.add(error.getClass().getSimpleName())).onRejected(this::rejected);
    options.entrySet().stream().filter(option -> !option.getValue().isJsonNull()).forEach(option -> set(builder, option.getKey(), option.getValue()));
    builder.retry(duration(options, "retry_base", 0.5), duration(options, "retry_cap", 60));
    client = builder.build();
  }

  private void rejected(RejectedEvent event) {
    rejected.add(event.rawRef());
  }

  private void set(OpenCloneBuilder builder, String name, JsonElement value) {
    switch (name) {
      case "endpoint" -> builder.endpoint(value.getAsString());
      case "api_key" -> builder.apiKey(value.getAsString());
      case "plugin_id" -> builder.pluginId(value.getAsString());
      case "plugin_version" -> builder.pluginVersion(value.getAsString());
      case "source_type" -> builder.sourceType(sourceType = SourceType.named(value.getAsString()));
      case "platform" -> builder.platform(Platform.named(value.getAsString()));
      case "api_key_file" -> builder.apiKeyFile(Path.of(value.getAsString()));
      case "source_types" -> builder.sourceTypes(value.getAsJsonArray().asList().stream().map(JsonElement::getAsString).map(SourceType::named).toList());
      case "heartbeat_seconds" -> builder.heartbeatSeconds(value.getAsInt());
      case "debug" -> builder.debug(value.getAsBoolean());
      case "enabled" -> builder.enabled(value.getAsBoolean());
      case "state_dir" -> builder.stateDir(Path.of(value.getAsString()));
      case "max_batch_events" -> builder.maxBatchEvents(value.getAsInt());
      case "max_batch_age" -> builder.maxBatchAge(seconds(value));
      case "spool_max_bytes" -> builder.spoolMaxBytes(value.getAsLong());
      case "on_full" -> builder.onFull(constant(OnFull.class, value));
      case "block_timeout" -> builder.blockTimeout(seconds(value));
      case "response_timeout" -> builder.responseTimeout(seconds(value));
      case "clock_retry" -> builder.clockRetry(seconds(value));
      case "transport" -> builder.transport(constant(Transport.class, value));
      case "retry_base", "retry_cap" -> {
        // Set together.
      }
      default -> throw new IllegalArgumentException("unknown option " + name);
    }
  }

  private static <E extends Enum<E>> E constant(Class<E> type, JsonElement value) {
    try {
      return Enum.valueOf(type, value.getAsString().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException error) {
      throw new OpenCloneException.InvalidOptions(type.getSimpleName() + ": no " + value);
    }
  }

  private static Duration duration(JsonObject options, String name, double otherwise) {
    return options.has(name) ? seconds(options.get(name)) : Duration.ofNanos((long) (otherwise * 1e9));
  }

  private static Duration seconds(JsonElement value) {
    return Duration.ofNanos((long) (value.getAsDouble() * 1e9));
  }

  private JsonObject send(JsonArray events) {
    int index = 0;
    try {
      for (JsonElement event : events) {
        client.send(event(event.getAsJsonObject()));
        ++index;
      }
    } catch (OpenCloneException error) {
      JsonObject response = error(error);
      response.addProperty("index", index);
      return response;
    }
    return ok();
  }

  private Event event(JsonObject from) {
    boolean typed = from.has("typed") && from.get("typed").getAsBoolean();
    JsonElement data = from.get("data");
    SourceType named = from.has("source_type") ? SourceType.named(from.get("source_type").getAsString()) : null;
    Event event = typed ? Event.of(Payloads.of(named == null ? sourceType : named, data.getAsJsonObject())) : Event.json(data == null ? null : data.toString());
    if (named != null) {
      event = event.as(named);
    }
    if (from.has("timestamp")) {
      JsonElement time = from.get("timestamp");
      event = event.at(time.isJsonNull() ? Double.NaN : time.getAsDouble());
    }
    return from.has("raw_ref") && !from.get("raw_ref").isJsonNull() ? event.rawRef(from.get("raw_ref").getAsString()) : event;
  }

  private JsonObject generate(String prefix, int count) {
    for (int index = 0; index < count; ++index) {
      String text = prefix + "-" + index;
      try {
        client.send(Payloads.text(sourceType, text).rawRef(text));
      } catch (OpenCloneException error) {
        JsonObject response = error(error);
        response.addProperty("index", index);
        return response;
      }
    }
    return ok();
  }

  private static JsonObject ok() {
    JsonObject response = new JsonObject();
    response.addProperty("ok", true);
    return response;
  }

  private static JsonObject error(OpenCloneException error) {
    JsonObject response = new JsonObject();
    response.addProperty("error", error.getClass().getSimpleName());
    response.addProperty("message", error.getMessage());
    return response;
  }

  private static JsonObject stats(Stats stats) {
    JsonObject object = new JsonObject();
    object.addProperty("queued", stats.queued());
    object.addProperty("stored", stats.stored());
    object.addProperty("skipped", stats.skipped());
    object.addProperty("rejected", stats.rejected());
    object.addProperty("dropped", stats.dropped());
    object.addProperty("spool_bytes", stats.spoolBytes());
    return object;
  }

  private static JsonArray array(List<String> texts) {
    JsonArray array = new JsonArray();
    texts.forEach(array::add);
    return array;
  }
}
