package dev.openclone;

import dev.openclone.internal.Engine;
import dev.openclone.internal.Options;
import java.time.Duration;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/**
 * Sends events of a plugin to OpenClone: each is written to a spool on disk, travels in batches, and stands in the vault exactly once, whatever goes
 * wrong in between. Safe for many threads.
 *
 * <pre>{@code
 * try (OpenClone client = OpenClone.builder().pluginId("my-player").pluginVersion("1.0.0").sourceType(SourceType.MUSIC).build()) {
 *   client.send(Event.music(track -> track.setTrack("So What").setArtist("Miles Davis")));
 * }
 * }</pre>
 *
 * <p>A client that is not closed is closed when the program exits, also on SIGTERM and SIGINT; it takes at most 5 s for that.
 */
public final class OpenClone implements AutoCloseable {
  /** How long {@link #close()} waits for what is queued. */
  public static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

  private final Engine engine;

  OpenClone(Options options) {
    engine = new Engine(options);
  }

  /**
   * Begins to make a client.
   *
   * @return options to be filled in
   */
  public static OpenCloneBuilder builder() {
    return new OpenCloneBuilder();
  }

  /**
   * Checks an event and writes it to the spool. From then on a crash of the plugin loses nothing.
   *
   * @param event what was captured
   * @throws OpenCloneException.NotEnabled if the client is not enabled
   * @throws OpenCloneException.InvalidEvent if the event breaks a rule
   * @throws OpenCloneException.EventTooLarge if its JSON form is over 1,000,000 bytes
   * @throws OpenCloneException.SpoolFull if there is no room, see {@link OnFull}
   * @throws OpenCloneException.SpoolError if the disk fails
   * @throws OpenCloneException.Closed if the client is closed
   */
  public void send(Event event) {
    engine.send(event);
  }

  /**
   * Sends what is queued now, and returns when each event is acknowledged or set aside.
   *
   * @param timeout how long it may take
   * @throws OpenCloneException.Timeout if it took longer; what is queued stays in the spool
   * @throws OpenCloneException.AccessDenied if the server rejects the key
   * @throws OpenCloneException.Closed if the client is closed
   */
  public void flush(Duration timeout) {
    engine.flush(timeout);
  }

  /** Closes with a timeout of {@link #CLOSE_TIMEOUT}; see {@link #close(Duration)}. */
  @Override
  public void close() {
    close(CLOSE_TIMEOUT);
  }

  /**
   * Flushes, then stops. What could not be sent stays in the spool for the next start. A second call does nothing.
   *
   * @param timeout how long the flush may take
   * @throws OpenCloneException.Timeout if it took longer; the client is closed all the same
   * @throws OpenCloneException.AccessDenied if the server rejects the key; the client is closed all the same
   */
  public void close(Duration timeout) {
    engine.close(timeout);
  }

  /**
   * What has become of the events.
   *
   * @return counts since the client was made
   */
  public Stats stats() {
    return engine.stats();
  }

  /**
   * A subscriber that sends every event of a publisher. It asks for one after the other, so that a full spool slows the publisher down.
   *
   * @param onFailure reported of what ends it: the publisher's failure, or what {@link #send} threw (the subscription is cancelled then)
   * @return a subscriber for one publisher
   */
  public Flow.Subscriber<Event> subscriber(Consumer<? super Throwable> onFailure) {
    return new EventSubscriber(this, onFailure);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "OpenClone[" + engine + "]";
  }
}
