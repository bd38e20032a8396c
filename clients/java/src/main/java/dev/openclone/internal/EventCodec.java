package dev.openclone.internal;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.openclone.Event;
import dev.openclone.OpenCloneException.EventTooLarge;
import dev.openclone.OpenCloneException.InvalidEvent;
import dev.openclone.SourceType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Checks an event and encodes it, once: what comes out goes to the spool and, without another look, to the server. */
final class EventCodec {
  /** JSON takes at most this many bytes for one that is encoded (a control character is 1 there and 6 here; a double 9 and 25). */
  private static final int JSON_GROWTH = 12;
  private static final int JSON_AROUND = 512;
  private static final int JSON_FIELD = 3;
  private static final int FIRST_PAYLOAD_FIELD = 10;

  private final SourceType sourceType;
  private final RandomRefs refs = new RandomRefs();

  EventCodec(SourceType sourceType) {
    this.sourceType = sourceType;
  }

  /** A frame for the spool. */
  byte[] encode(Event event) {
    DataCheck.time(event.timestamp(), Instant.now());
    byte[] ref = event.rawRef().orElseGet(refs::next).getBytes(StandardCharsets.UTF_8);
    if (ref.length > Rules.MAX_RAW_REF_BYTES) {
      throw new InvalidEvent("raw_ref: has " + ref.length + " bytes, at most " + Rules.MAX_RAW_REF_BYTES + " are allowed");
    }
    byte[] frame = event.payload().isPresent() ? typed(event, ref, event.payload().get()) : json(event, ref);
    if ((long) frame.length * JSON_GROWTH + JSON_AROUND > Rules.MAX_EVENT_JSON_BYTES) {
      checkSize(frame);
    }
    if (event.payload().isPresent()) {
      DataCheck.payload(event.payload().get(), frame.length);
    } else {
      DataCheck.object(event.json().orElseThrow());
    }
    return Frame.seal(frame);
  }

  private byte[] typed(Event event, byte[] ref, Message payload) {
    SourceType type = event.sourceType().orElseThrow();
    if (type != sourceType) {
      throw new InvalidEvent("data: is " + type.wireName() + ", the client sends " + sourceType.wireName());
    }
    int field = FIRST_PAYLOAD_FIELD + type.ordinal();
    int size = CodedOutputStream.computeMessageSize(field, payload);
    return write(event, ref, size, out -> out.writeMessage(field, payload));
  }

  private byte[] json(Event event, byte[] ref) {
    String text = event.json().orElseThrow(() -> new InvalidEvent("data: is missing"));
    byte[] data = text.getBytes(StandardCharsets.UTF_8);
    int size = CodedOutputStream.computeByteArraySize(JSON_FIELD, data);
    return write(event, ref, size, out -> out.writeByteArray(JSON_FIELD, data));
  }

  private interface Data {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private static byte[] write(Event event, byte[] ref, int dataSize, Data data) {
    long seconds = event.timestamp().getEpochSecond();
    int nanos = event.timestamp().getNano();
    int timeSize = CodedOutputStream.computeInt64Size(1, seconds) + (nanos == 0 ? 0 : CodedOutputStream.computeInt32Size(2, nanos));
    byte[] frame = new byte[Frame.HEAD + 2 + timeSize + CodedOutputStream.computeByteArraySize(2, ref) + dataSize];
    CodedOutputStream out = CodedOutputStream.newInstance(frame, Frame.HEAD, frame.length - Frame.HEAD);
    try {
      out.writeTag(1, 2);
      out.writeUInt32NoTag(timeSize);
      out.writeInt64(1, seconds);
      if (nanos != 0) {
        out.writeInt32(2, nanos);
      }
      out.writeByteArray(2, ref);
      data.writeTo(out);
      out.checkNoSpaceLeft();
    } catch (IOException error) {
      throw new IllegalStateException("event does not fit its computed size", error);
    }
    return frame;
  }

  private static void checkSize(byte[] frame) {
    try {
      int size = JsonForm.sizeOf(parse(frame, Frame.HEAD, frame.length - Frame.HEAD));
      if (size > Rules.MAX_EVENT_JSON_BYTES) {
        throw new EventTooLarge("event: its JSON form has " + size + " bytes, at most " + Rules.MAX_EVENT_JSON_BYTES + " are allowed; split it");
      }
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException("event cannot be read back", error);
    }
  }

  static dev.openclone.v1.Event parse(byte[] bytes, int from, int length) throws InvalidProtocolBufferException {
    return dev.openclone.v1.Event.parser().parseFrom(bytes, from, length);
  }
}
