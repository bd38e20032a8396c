package dev.openclone.internal;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.openclone.internal.Response.Denied;
import dev.openclone.internal.Response.Done;
import dev.openclone.internal.Response.Violation;
import dev.openclone.internal.Response.Later;
import dev.openclone.internal.Response.Invalid;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/** What HTTP responses mean. */
final class JsonResponses {
  private static final int SHOWN = 200;

  private JsonResponses() {}

  static Response of(HttpResponse<String> response, int events) {
    return of(response.statusCode(), response.body(), response.headers().firstValue("retry-after").map(JsonResponses::retryAfter).orElse(Duration.ZERO), events);
  }

  static Response of(int status, String body, Duration after, int events) {
    JsonObject object = object(body);
    String message = "HTTP " + status + ": " + detail(object, body);
    return switch (status) {
      case 200 -> done(object, message, events);
      case 401, 403 -> new Denied(message);
      case 413, 422 -> new Invalid(violations(object), message);
      // The service says so of data that are nested too deeply; anything else in between says it without a detail.
      case 400 -> object.has("detail") ? new Invalid(violations(object), message) : new Later(message, after);
      case 429 -> new Later(message, after, Response.Hint.LIMIT);
      default -> new Later(message, after);
    };
  }

  private static Response done(JsonObject object, String message, int events) {
    try {
      long stored = object.get("stored").getAsLong();
      long skipped = object.get("skipped").getAsLong();
      return stored + skipped == events ? new Done(stored, skipped) : new Later("the response counts other events: " + message);
    } catch (NullPointerException | NumberFormatException | UnsupportedOperationException | IllegalStateException error) {
      return new Later("the response is not that of the service: " + message);
    }
  }

  private static JsonObject object(String body) {
    try {
      JsonElement element = JsonParser.parseString(body);
      return element.isJsonObject() ? element.getAsJsonObject() : new JsonObject();
    } catch (JsonParseException error) {
      return new JsonObject();
    }
  }

  private static String detail(JsonObject object, String body) {
    JsonElement detail = object.get("detail");
    String text = detail == null ? body : detail.isJsonPrimitive() ? detail.getAsString() : detail.toString();
    return text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
  }

  private static List<Violation> violations(JsonObject object) {
    List<Violation> violations = new ArrayList<>();
    if (object.get("detail") instanceof JsonArray all) {
      for (JsonElement one : all) {
        if (one instanceof JsonObject error && error.get("loc") instanceof JsonArray loc && error.has("msg")) {
          violations.add(new Violation(path(loc), error.get("msg").getAsString()));
        }
      }
    }
    return violations;
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
