package dev.openclone.internal;

import com.google.gson.FormattingStyle;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonWriter;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.openclone.Platform;
import dev.openclone.SourceType;
import dev.openclone.v1.Batch;
import dev.openclone.v1.Event;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The documented JSON form of batches. JSON payloads go into it as they are, so that no digit is lost. */
final class JsonForm {
  private JsonForm() {}

  /** A batch made now. */
  static byte[] ofBatch(Batch header, List<Event> events) {
    return text(writer -> batch(writer, header, events, List.of()));
  }

  /** A batch of one event that was invalid, with what is wrong with it. */
  static byte[] ofRejected(Batch header, Event event, List<String> violations) {
    return text(writer -> batch(writer, header, List.of(event), violations));
  }

  /** Bytes of an event's JSON form. */
  static int sizeOf(Event event) {
    return text(writer -> event(writer, event)).length;
  }

  private interface Body {
    void writeTo(JsonWriter writer) throws IOException;
  }

  private static byte[] text(Body body) {
    StringWriter text = new StringWriter();
    try (JsonWriter writer = new JsonWriter(text)) {
      writer.setFormattingStyle(FormattingStyle.COMPACT);
      // NaN goes out as such: the server names the field that holds it.
      writer.setStrictness(Strictness.LENIENT);
      body.writeTo(writer);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void batch(JsonWriter writer, Batch header, List<Event> events, List<String> violations) throws IOException {
    Instant now = Instant.now();
    writer.beginObject();
    writer.name("source_type").value(SourceType.values()[header.getSourceTypeValue() - 1].wireName());
    writer.name("platform").value(Platform.values()[header.getPlatformValue() - 1].wireName());
    writer.name("device_id").value(header.getDeviceId());
    writer.name("plugin_id").value(header.getPluginId());
    writer.name("plugin_version").value(header.getPluginVersion());
    writer.name("timestamp").value(seconds(now.getEpochSecond(), now.getNano()));
    writer.name("events").beginArray();
    for (Event event : events) {
      event(writer, event);
    }
    writer.endArray();
    if (!violations.isEmpty()) {
      writer.name("rejected").beginArray();
      for (String error : violations) {
        writer.value(error);
      }
      writer.endArray();
    }
    writer.endObject();
  }

  private static void event(JsonWriter writer, Event event) throws IOException {
    Timestamp time = event.getTimestamp();
    writer.beginObject();
    writer.name("timestamp").value(seconds(time.getSeconds(), time.getNanos()));
    writer.name("data");
    data(writer, event);
    writer.name("raw_ref").value(event.getRawRef());
    writer.endObject();
  }

  private static void data(JsonWriter writer, Event event) throws IOException {
    if (event.hasJson()) {
      writer.jsonValue(event.getJson());
      return;
    }
    writer.beginObject();
    FieldDescriptor set = event.getOneofFieldDescriptor(Event.getDescriptor().getOneofs().get(0));
    if (set != null) {
      for (Map.Entry<FieldDescriptor, Object> field : ((Message) event.getField(set)).getAllFields().entrySet()) {
        writer.name(field.getKey().getName());
        value(writer, field.getValue());
      }
    }
    writer.endObject();
  }

  private static void value(JsonWriter writer, Object value) throws IOException {
    if (value instanceof List<?> list) {
      writer.beginArray();
      for (Object item : list) {
        value(writer, item);
      }
      writer.endArray();
    } else if (value instanceof Double number) {
      boolean whole = number == Math.rint(number) && Math.abs(number) < 1L << 53;
      writer.value(whole ? (Number) number.longValue() : number);
    } else if (value instanceof Number number) {
      writer.value(number);
    } else {
      writer.value((String) value);
    }
  }

  private static BigDecimal seconds(long seconds, int nanos) {
    // At least one decimal, as in the documented example.
    BigDecimal exact = BigDecimal.valueOf(seconds).add(BigDecimal.valueOf(nanos, 9)).stripTrailingZeros();
    return exact.scale() < 1 ? exact.setScale(1) : exact;
  }
}
