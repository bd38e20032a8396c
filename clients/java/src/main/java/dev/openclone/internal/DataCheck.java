package dev.openclone.internal;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.protobuf.Message;
import dev.openclone.OpenCloneException.InvalidEvent;
import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.util.List;

/** The rules that an event's time and data must keep, checked before it is queued: see {@link Rules}. */
final class DataCheck {
  private DataCheck() {}

  /** Compares a timestamp with the clock of this device. */
  static void time(Instant timestamp, Instant now) {
    if (timestamp.getEpochSecond() < Rules.EARLIEST_SECONDS) {
      throw new InvalidEvent("timestamp: " + timestamp + " is before 2020-01-01T00:00:00Z");
    }
    Instant latest = now.plusSeconds(Rules.MAX_AHEAD_SECONDS);
    if (!timestamp.isAfter(latest)) {
      return;
    }
    long thousandth = timestamp.getEpochSecond() / 1000;
    boolean milliseconds = thousandth >= Rules.EARLIEST_SECONDS && thousandth <= latest.getEpochSecond();
    throw new InvalidEvent(
        "timestamp: more than 24 h ahead of this device's clock; it is in seconds" + (milliseconds ? ", and this looks like milliseconds" : ""));
  }

  /** Checks the text of a JSON object. */
  static void object(String text) {
    JsonReader reader = new JsonReader(new StringReader(text));
    reader.setStrictness(Strictness.STRICT);
    try {
      if (reader.peek() == JsonToken.BEGIN_OBJECT) {
        value(reader, 1);
        if (reader.peek() == JsonToken.END_DOCUMENT) {
          return;
        }
      }
    } catch (IOException | IllegalStateException error) {
      throw new InvalidEvent("data: is not a JSON object: " + error.getMessage(), error);
    }
    throw new InvalidEvent("data: is not a JSON object");
  }

  private static void value(JsonReader reader, int depth) throws IOException {
    switch (reader.peek()) {
      case BEGIN_OBJECT -> members(reader, depth);
      case BEGIN_ARRAY -> {
        checkDepth(depth);
        reader.beginArray();
        while (reader.hasNext()) {
          value(reader, depth + 1);
        }
        reader.endArray();
      }
      case STRING -> checkText(reader.nextString(), "a string in it");
      default -> reader.skipValue();
    }
  }

  private static void members(JsonReader reader, int depth) throws IOException {
    checkDepth(depth);
    reader.beginObject();
    for (int members = 1; reader.hasNext(); ++members) {
      if (members > Rules.MAX_DATA_MEMBERS) {
        throw new InvalidEvent("data: an object in it has more than " + Rules.MAX_DATA_MEMBERS + " members");
      }
      String key = reader.nextName();
      if (isLonger(key, Rules.MAX_DATA_KEY_BYTES)) {
        throw new InvalidEvent("data: a key in it has more than " + Rules.MAX_DATA_KEY_BYTES + " bytes");
      }
      value(reader, depth + 1);
    }
    reader.endObject();
  }

  private static void checkDepth(int depth) {
    if (depth > Rules.MAX_DATA_DEPTH) {
      throw new InvalidEvent("data: is more than " + Rules.MAX_DATA_DEPTH + " levels deep");
    }
  }

  /** Checks the strings of a typed payload, if any can be too long. */
  static void payload(Message payload, int bytes) {
    if (bytes <= Rules.MAX_DATA_STRING_BYTES) {
      return;
    }
    payload
        .getAllFields()
        .forEach(
            (field, value) -> {
              for (Object one : value instanceof List<?> list ? list : List.of(value)) {
                if (one instanceof String text) {
                  checkText(text, field.getName());
                }
              }
            });
  }

  private static void checkText(String text, String name) {
    if (isLonger(text, Rules.MAX_DATA_STRING_BYTES)) {
      throw new InvalidEvent("data: " + name + " has more than " + Rules.MAX_DATA_STRING_BYTES + " bytes");
    }
  }

  /** Whether a text has more bytes of UTF-8. */
  private static boolean isLonger(String text, int limit) {
    if (text.length() > limit) {
      return true;
    }
    // A character takes three bytes at most.
    return text.length() * 3L > limit && text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > limit;
  }
}
