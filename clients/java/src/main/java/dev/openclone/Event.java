package dev.openclone;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.protobuf.Message;
import dev.openclone.v1.Activity;
import dev.openclone.v1.AudioMic;
import dev.openclone.v1.AudioSystem;
import dev.openclone.v1.Braindump;
import dev.openclone.v1.Calendar;
import dev.openclone.v1.Email;
import dev.openclone.v1.Gps;
import dev.openclone.v1.Health;
import dev.openclone.v1.Journal;
import dev.openclone.v1.Messaging;
import dev.openclone.v1.Music;
import dev.openclone.v1.Notes;
import dev.openclone.v1.Photos;
import dev.openclone.v1.ScreenOcr;
import dev.openclone.v1.WebBrowsing;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One thing seen, heard, read or done. Immutable; {@link #at(Instant)} and {@link #rawRef(String)} give a changed copy.
 *
 * <pre>{@code
 * Event.music(track -> track.setTrack("So What").setArtist("Miles Davis").setDuration(562)).at(startedAt).rawRef(playId)
 * }</pre>
 */
public final class Event {
  private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
  private static final Map<Class<?>, SourceType> PAYLOADS =
      Map.ofEntries(
          Map.entry(AudioSystem.class, SourceType.AUDIO_SYSTEM),
          Map.entry(AudioMic.class, SourceType.AUDIO_MIC),
          Map.entry(ScreenOcr.class, SourceType.SCREEN_OCR),
          Map.entry(Journal.class, SourceType.JOURNAL),
          Map.entry(WebBrowsing.class, SourceType.WEB_BROWSING),
          Map.entry(Music.class, SourceType.MUSIC),
          Map.entry(Health.class, SourceType.HEALTH),
          Map.entry(Calendar.class, SourceType.CALENDAR),
          Map.entry(Notes.class, SourceType.NOTES),
          Map.entry(Gps.class, SourceType.GPS),
          Map.entry(Photos.class, SourceType.PHOTOS),
          Map.entry(Email.class, SourceType.EMAIL),
          Map.entry(Messaging.class, SourceType.MESSAGING),
          Map.entry(Activity.class, SourceType.ACTIVITY),
          Map.entry(Braindump.class, SourceType.BRAINDUMP));

  private final Instant timestamp;
  private final String rawRef;
  private final SourceType type;
  private final Message payload;
  private final String json;

  private Event(Instant timestamp, String rawRef, SourceType type, Message payload, String json) {
    this.timestamp = timestamp;
    this.rawRef = rawRef;
    this.type = type;
    this.payload = payload;
    this.json = json;
  }

  /**
   * Makes an event of a typed payload, captured now.
   *
   * @param payload one of the 15 messages of {@code dev.openclone.v1}
   * @return the event
   * @throws OpenCloneException.InvalidEvent if it is another message
   */
  public static Event of(Message payload) {
    SourceType type = PAYLOADS.get(payload.getClass());
    if (type == null) {
      throw new OpenCloneException.InvalidEvent("data: " + payload.getClass().getSimpleName() + " is not a payload");
    }
    return new Event(Instant.now(), null, type, payload, null);
  }

  /**
   * Makes an event of any JSON object, captured now.
   *
   * @param object the text of a JSON object; checked when it is sent, and passed on as it is
   * @return the event
   */
  public static Event json(String object) {
    return new Event(Instant.now(), null, null, null, object);
  }

  /**
   * Says what an event of a JSON object is. Only needed by clients with several source types.
   *
   * @param type one of the client's source types
   * @return the event of that type
   */
  public Event as(SourceType type) {
    return new Event(timestamp, rawRef, type, payload, json);
  }

  /**
   * Makes an event of members of a JSON object, captured now.
   *
   * @param members names and values: texts, numbers, booleans, null, lists and maps of these
   * @return the event
   * @throws OpenCloneException.InvalidEvent if a value has no JSON form
   */
  public static Event json(Map<String, ?> members) {
    try {
      return json(GSON.toJson(members));
    } catch (IllegalArgumentException | JsonParseException error) {
      throw new OpenCloneException.InvalidEvent("data: a value has no JSON form: " + error.getMessage(), error);
    }
  }

  /**
   * Audio that the machine played, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event audioSystem(Consumer<AudioSystem.Builder> fill) {
    AudioSystem.Builder payload = AudioSystem.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.AUDIO_SYSTEM, payload.build(), null);
  }

  /**
   * Audio that the microphone heard, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event audioMic(Consumer<AudioMic.Builder> fill) {
    AudioMic.Builder payload = AudioMic.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.AUDIO_MIC, payload.build(), null);
  }

  /**
   * Text read off the screen, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event screenOcr(Consumer<ScreenOcr.Builder> fill) {
    ScreenOcr.Builder payload = ScreenOcr.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.SCREEN_OCR, payload.build(), null);
  }

  /**
   * A journal entry, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event journal(Consumer<Journal.Builder> fill) {
    Journal.Builder payload = Journal.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.JOURNAL, payload.build(), null);
  }

  /**
   * A page visited, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event webBrowsing(Consumer<WebBrowsing.Builder> fill) {
    WebBrowsing.Builder payload = WebBrowsing.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.WEB_BROWSING, payload.build(), null);
  }

  /**
   * A track heard, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event music(Consumer<Music.Builder> fill) {
    Music.Builder payload = Music.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.MUSIC, payload.build(), null);
  }

  /**
   * Body figures, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event health(Consumer<Health.Builder> fill) {
    Health.Builder payload = Health.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.HEALTH, payload.build(), null);
  }

  /**
   * An appointment, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event calendar(Consumer<Calendar.Builder> fill) {
    Calendar.Builder payload = Calendar.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.CALENDAR, payload.build(), null);
  }

  /**
   * A note, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event notes(Consumer<Notes.Builder> fill) {
    Notes.Builder payload = Notes.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.NOTES, payload.build(), null);
  }

  /**
   * A position, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event gps(Consumer<Gps.Builder> fill) {
    Gps.Builder payload = Gps.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.GPS, payload.build(), null);
  }

  /**
   * A photo taken, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event photos(Consumer<Photos.Builder> fill) {
    Photos.Builder payload = Photos.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.PHOTOS, payload.build(), null);
  }

  /**
   * The envelope of an e-mail, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event email(Consumer<Email.Builder> fill) {
    Email.Builder payload = Email.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.EMAIL, payload.build(), null);
  }

  /**
   * A chat message, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event messaging(Consumer<Messaging.Builder> fill) {
    Messaging.Builder payload = Messaging.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.MESSAGING, payload.build(), null);
  }

  /**
   * Use of an application, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event activity(Consumer<Activity.Builder> fill) {
    Activity.Builder payload = Activity.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.ACTIVITY, payload.build(), null);
  }

  /**
   * A free thought, captured now.
   *
   * @param fill sets the fields
   * @return the event
   */
  public static Event braindump(Consumer<Braindump.Builder> fill) {
    Braindump.Builder payload = Braindump.newBuilder();
    fill.accept(payload);
    return new Event(Instant.now(), null, SourceType.BRAINDUMP, payload.build(), null);
  }

  /**
   * The same event, captured at another time.
   *
   * @param time when it was captured
   * @return the changed copy
   */
  public Event at(Instant time) {
    return new Event(time, rawRef, type, payload, json);
  }

  /**
   * The same event, captured at another time.
   *
   * @param unixSeconds when it was captured, rounded to microseconds
   * @return the changed copy
   * @throws OpenCloneException.InvalidEvent if it is not finite, or beyond what a clock can show
   */
  public Event at(double unixSeconds) {
    if (!Double.isFinite(unixSeconds) || Math.abs(unixSeconds) > Instant.MAX.getEpochSecond()) {
      throw new OpenCloneException.InvalidEvent("timestamp: " + unixSeconds + " is no time; give Unix seconds");
    }
    double whole = Math.floor(unixSeconds);
    return at(Instant.ofEpochSecond((long) whole, Math.round((unixSeconds - whole) * 1e6) * 1000));
  }

  /**
   * The same event under a name of your own.
   *
   * @param ref a stable id, at most 256 bytes; an event whose id has been stored before is skipped. Null or empty: a random one
   * @return the changed copy
   */
  public Event rawRef(String ref) {
    return new Event(timestamp, ref == null || ref.isEmpty() ? null : ref, type, payload, json);
  }

  /**
   * When it was captured.
   *
   * @return the time
   */
  public Instant timestamp() {
    return timestamp;
  }

  /**
   * The name it was given.
   *
   * @return empty if it gets a random one when it is sent
   */
  public Optional<String> rawRef() {
    return Optional.ofNullable(rawRef);
  }

  /**
   * The source type of its typed payload.
   *
   * @return empty if it is JSON
   */
  public Optional<SourceType> sourceType() {
    return Optional.ofNullable(type);
  }

  /**
   * The typed payload.
   *
   * @return empty if it is JSON
   */
  public Optional<Message> payload() {
    return Optional.ofNullable(payload);
  }

  /**
   * The text of the JSON object.
   *
   * @return empty if the payload is typed
   */
  public Optional<String> json() {
    return Optional.ofNullable(json);
  }

  /** Without the data, which may be personal. */
  @Override
  public String toString() {
    String data = payload == null ? "json" : payload.getClass().getSimpleName();
    return "Event[timestamp=" + timestamp + ", raw_ref=" + rawRef + ", data=" + data + "]";
  }
}
