package dev.openclone.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import dev.openclone.Event;
import dev.openclone.OpenCloneException.EventTooLarge;
import dev.openclone.OpenCloneException.InvalidEvent;
import dev.openclone.SourceType;
import dev.openclone.v1.Braindump;
import dev.openclone.v1.IngestRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Collectors;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CodecTest {
  @Test
  void anEventReadsBackAsTheGeneratedMessage() throws Exception {
    Event event = Samples.thought("é").at(Instant.ofEpochSecond(1_708_258_800L, 123_456_000));
    dev.openclone.v1.Event read = Samples.decoded(Samples.frame(event));
    assertEquals("é", read.getRawRef());
    assertEquals(1_708_258_800L, read.getTimestamp().getSeconds());
    assertEquals(123_456_000, read.getTimestamp().getNanos());
    assertEquals(Braindump.newBuilder().setText("text of é").build(), read.getBraindump());
  }

  @Test
  void secondsAreRoundedToMicroseconds() {
    assertEquals(Instant.parse("2024-02-18T12:20:00.123456Z"), Samples.thought("e").at(1708258800.1234561).timestamp());
    assertThrows(InvalidEvent.class, () -> Samples.thought("e").at(Double.NaN));
    assertThrows(InvalidEvent.class, () -> Samples.thought("e").at(Double.POSITIVE_INFINITY));
    assertThrows(InvalidEvent.class, () -> Samples.thought("e").at(1e300));
  }

  @Test
  void anEventWithoutNameGetsARandomOne() throws Exception {
    String first = Samples.decoded(Samples.frame(Samples.thought(null))).getRawRef();
    String second = Samples.decoded(Samples.frame(Samples.thought(""))).getRawRef();
    assertEquals(4, UUID.fromString(first).version());
    assertEquals(2, UUID.fromString(first).variant());
    assertNotEquals(first, second);
  }

  @Test
  void brokenRulesAreNamed() {
    assertInvalid("timestamp", Samples.thought("e").at(1577836799.999999));
    assertInvalid("raw_ref", Samples.thought("é".repeat(129)));
    assertInvalid("data", Event.music(track -> track.setTrack("x")));
    for (String text : List.of("[1]", "\"text\"", "1", "null", "", "{", "{}{}", "{\"a\":}", "{'a':1}", "{a:1}")) {
      assertInvalid("data", Event.json(text));
    }
    assertInvalid("data", Event.json((String) null));
    assertThrows(InvalidEvent.class, () -> Event.of(IngestRequest.getDefaultInstance()));
    assertThrows(InvalidEvent.class, () -> Event.json(Map.of("a", Double.NaN)));
    Samples.frame(Samples.thought("é".repeat(128)).at(1577836800));
  }

  private static void assertInvalid(String field, Event event) {
    InvalidEvent error = assertThrows(InvalidEvent.class, () -> Samples.frame(event));
    assertTrue(error.getMessage().startsWith(field + ": "), error.getMessage());
  }

  @Test
  void theLimitIsThatOfTheJsonForm() {
    int around = "{\"timestamp\":1708258800.0,\"data\":{\"tags\":[\"\",\"\",\"\",\"\"]},\"raw_ref\":\"e\"}".length();
    for (String filler : List.of("a", "\"", "é", "漢")) {
      int each = filler.equals("\"") ? 2 : filler.getBytes(StandardCharsets.UTF_8).length;
      int most = (Rules.MAX_EVENT_JSON_BYTES - around) / each;
      EventCodec codec = new EventCodec(SourceType.NOTES);
      codec.encode(tagged(filler, most));
      assertThrows(EventTooLarge.class, () -> codec.encode(tagged(filler, most + 1)));
    }
  }

  /** An event whose text is in four parts, as one alone would be too long. */
  private static Event tagged(String filler, int count) {
    int quarter = count / 4;
    return Event.notes(note -> note.addAllTags(List.of(filler.repeat(quarter), filler.repeat(quarter), filler.repeat(quarter), filler.repeat(count - 3 * quarter))))
        .rawRef("e")
        .at(1708258800);
  }

  @Test
  void whatTheServiceWouldRejectIsInvalid() {
    Samples.frame(Event.json(deep(32)));
    assertInvalid("data", Event.json(deep(33)));
    Samples.frame(Event.json(members(256)));
    assertInvalid("data", Event.json(members(257)));
    Samples.frame(Event.json(Map.of("k".repeat(128), 1)));
    assertInvalid("data", Event.json(Map.of("k".repeat(129), 1)));
    String longest = "é".repeat(Rules.MAX_DATA_STRING_BYTES / 2);
    Samples.frame(Event.json(Map.of("a", List.of(longest))));
    assertInvalid("data", Event.json(Map.of("a", List.of(longest + "x"))));
    Samples.frame(Samples.thought("r").at(1708258800));
    assertInvalid("data", Event.braindump(thought -> thought.setText(longest + "x")));
    Samples.frame(Event.json("{}").at(Instant.now().plusSeconds(23 * 3600)));
    assertInvalid("timestamp", Event.json("{}").at(Instant.now().plusSeconds(25 * 3600)));
    InvalidEvent hint = assertThrows(InvalidEvent.class, () -> Samples.frame(Event.json("{}").at((double) System.currentTimeMillis())));
    assertTrue(hint.getMessage().contains("milliseconds"), hint.getMessage());
  }

  private static String deep(int levels) {
    return "{\"a\":".repeat(levels - 1) + "{}" + "}".repeat(levels - 1);
  }

  private static Map<String, Integer> members(int count) {
    return IntStream.range(0, count).boxed().collect(Collectors.toMap(String::valueOf, number -> number));
  }

  @Test
  void theJsonFormIsTheDocumentedOne() throws Exception {
    Event typed = Event.health(body -> body.setSteps(9_007_199_254_740_993L).setHeartRate(61).setSleepHours(7.25)).rawRef("h\"1").at(1708258800.5);
    dev.openclone.v1.Event event = Samples.decoded(new EventCodec(SourceType.HEALTH).encode(typed));
    String json = new String(JsonForm.ofBatch(Samples.HEADER, List.of(event)), StandardCharsets.UTF_8);
    assertTrue(json.endsWith("\"events\":[{\"timestamp\":1708258800.5,\"data\":{\"steps\":9007199254740993,\"heart_rate\":61,\"sleep_hours\":7.25},\"raw_ref\":\"h\\\"1\"}]}"), json);
    assertTrue(
        json.startsWith(
            "{\"source_type\":\"braindump\",\"platform\":\"linux\",\"device_id\":\"550e8400-e29b-41d4-a716-446655440000\","
                + "\"plugin_id\":\"my-plugin\",\"plugin_version\":\"1.0.0\",\"timestamp\":"),
        json);
  }

  @Test
  void jsonDataArePassedOnAsTheyAre() throws Exception {
    String data = "{\"n\": 12345678901234567890, \"d\":0.10, \"t\":\"\\u00e9 漢\"}";
    dev.openclone.v1.Event event = Samples.decoded(Samples.frame(Event.json(data).rawRef("e")));
    assertEquals(data, event.getJson());
    String json = new String(JsonForm.ofRejected(Samples.HEADER, event, List.of("events[0].data: bad")), StandardCharsets.UTF_8);
    assertTrue(json.contains("\"data\":" + data), json);
    assertEquals("events[0].data: bad", JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("rejected").get(0).getAsString());
  }

  @Test
  void aRequestReadsBackAsTheGeneratedMessage() throws Exception {
    QueuedBatch batch = Samples.batch(3);
    QueuedBatch ofSegment = new QueuedBatch(Segment.recovered(null, new SegmentScan(Samples.HEADER, 3, 0, 0, 0, false), 0), 0, 3);
    for (int index = 0; index < 3; ++index) {
      byte[] event = batch.event(index).toByteArray();
      ofSegment.add(event, 0, event.length);
    }
    IngestRequest request = IngestRequest.parseFrom(Wire.request(300, ofSegment, Instant.ofEpochSecond(1_708_258_800L, 5)));
    assertEquals(300, request.getSequence());
    assertEquals(Samples.HEADER, request.getBatch().toBuilder().clearEvents().clearTimestamp().build());
    assertEquals(5, request.getBatch().getTimestamp().getNanos());
    assertEquals(List.of("e0", "e1", "e2"), request.getBatch().getEventsList().stream().map(dev.openclone.v1.Event::getRawRef).toList());
  }
}
