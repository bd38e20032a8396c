package dev.openclone.internal;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.openclone.internal.Answer.Denied;
import dev.openclone.internal.Answer.Done;
import dev.openclone.internal.Answer.Fault;
import dev.openclone.internal.Answer.Later;
import dev.openclone.internal.Answer.Refused;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/** What HTTP answers mean. */
final class JsonAnswers {
  private static final int SHOWN = 200;

  private JsonAnswers() {}

  static Answer of(HttpResponse<String> response, int events) {
    return of(response.statusCode(), response.body(), response.headers().firstValue("retry-after").map(JsonAnswers::retryAfter).orElse(Duration.ZERO), events);
  }

  static Answer of(int status, String body, Duration after, int events) {
    JsonObject object = object(body);
    String message = "HTTP " + status + ": " + detail(object, body);
    return switch (status) {
      case 200 -> done(object, message, events);
      case 401, 403 -> new Denied(message);
      case 413, 422 -> new Refused(faults(object), message);
      // The service says so of data that are nested too deeply; anything else in between says it without a detail.
      case 400 -> object.has("detail") ? new Refused(faults(object), message) : new Later(message, after);
      default -> new Later(message, after);
    };
  }

  private static Answer done(JsonObject object, String message, int events) {
    try {
      long stored = object.get("stored").getAsLong();
      long skipped = object.get("skipped").getAsLong();
      return stored + skipped == events ? new Done(stored, skipped) : new Later("the answer counts other events: " + message);
    } catch (NullPointerException | NumberFormatException | UnsupportedOperationException | IllegalStateException fault) {
      return new Later("the answer is not that of the service: " + message);
    }
  }

  private static JsonObject object(String body) {
    try {
      JsonElement element = JsonParser.parseString(body);
      return element.isJsonObject() ? element.getAsJsonObject() : new JsonObject();
    } catch (JsonParseException fault) {
      return new JsonObject();
    }
  }

  private static String detail(JsonObject object, String body) {
    JsonElement detail = object.get("detail");
    String text = detail == null ? body : detail.isJsonPrimitive() ? detail.getAsString() : detail.toString();
    return text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
  }

  private static List<Fault> faults(JsonObject object) {
    List<Fault> faults = new ArrayList<>();
    if (object.get("detail") instanceof JsonArray all) {
      for (JsonElement one : all) {
        if (one instanceof JsonObject fault && fault.get("loc") instanceof JsonArray loc && fault.has("msg")) {
          faults.add(new Fault(path(loc), fault.get("msg").getAsString()));
        }
      }
    }
    return faults;
  }

  /** {@code ["body", "events", 3, "timestamp"]} as {@code events[3].timestamp}. */
  static String path(JsonArray loc) {
    StringBuilder path = new StringBuilder();
    for (JsonElement step : loc) {
      boolean index = step.isJsonPrimitive() && step.getAsJsonPrimitive().isNumber();
      if (index) {
        path.append('[').append(step.getAsString()).append(']');
      } else if (path.length() > 0 || !step.getAsString().equals("body")) {
        path.append(path.length() == 0 ? "" : ".").append(step.getAsString());
      }
    }
    return path.toString();
  }

  /** Whole seconds, or a date of HTTP. */
  static Duration retryAfter(String value) {
    try {
      return Duration.ofSeconds(Math.max(0, Long.parseLong(value.strip())));
    } catch (NumberFormatException noNumber) {
      return untilDate(value.strip());
    }
  }

  private static Duration untilDate(String value) {
    try {
      Duration left = Duration.between(Instant.now(), ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME));
      return left.isNegative() ? Duration.ZERO : left;
    } catch (DateTimeParseException neither) {
      return Duration.ZERO;
    }
  }
}
