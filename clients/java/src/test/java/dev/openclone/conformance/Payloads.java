package dev.openclone.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.openclone.Event;
import dev.openclone.OpenCloneException.InvalidEvent;
import dev.openclone.SourceType;
import java.util.Map;

/** Typed payloads out of JSON. */
final class Payloads {
  private Payloads() {}

  static Message of(SourceType type, JsonObject data) {
    Message.Builder payload = builder(type);
    for (Map.Entry<String, JsonElement> member : data.entrySet()) {
      FieldDescriptor field = payload.getDescriptorForType().findFieldByName(member.getKey());
      if (field == null) {
        throw new InvalidEvent("data: no field " + member.getKey());
      }
      if (field.isRepeated()) {
        member.getValue().getAsJsonArray().forEach(item -> payload.addRepeatedField(field, value(field, item)));
      } else {
        payload.setField(field, value(field, member.getValue()));
      }
    }
    return payload.build();
  }

  private static Object value(FieldDescriptor field, JsonElement value) {
    return switch (field.getJavaType()) {
      case DOUBLE -> value.getAsDouble();
      case LONG -> value.getAsLong();
      default -> value.getAsString();
    };
  }

  private static Message.Builder builder(SourceType type) {
    Descriptor event = dev.openclone.v1.Event.getDescriptor();
    return dev.openclone.v1.Event.newBuilder().newBuilderForField(event.findFieldByName(type.wireName()));
  }

  static Event text(SourceType type, String text) {
    return switch (type) {
      case AUDIO_SYSTEM -> Event.audioSystem(payload -> payload.setText(text));
      case AUDIO_MIC -> Event.audioMic(payload -> payload.setText(text));
      case SCREEN_OCR -> Event.screenOcr(payload -> payload.setText(text));
      case JOURNAL -> Event.journal(payload -> payload.setText(text));
      case NOTES -> Event.notes(payload -> payload.setText(text));
      case BRAINDUMP -> Event.braindump(payload -> payload.setText(text));
      default -> Event.json(Map.of("text", text));
    };
  }
}
