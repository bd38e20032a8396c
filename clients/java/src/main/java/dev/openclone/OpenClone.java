package dev.openclone;

import dev.openclone.internal.Engine;
import dev.openclone.internal.Options;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
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
 * <p>A client that is not closed is closed when the program exits, also on SIGTERM and SIGINT; it takes at most 2 s for that, and one line on standard error
 * says what stays queued.
 */
public final class OpenClone implements AutoCloseable {
  /** How long {@link #close()} waits for what is queued. */
  public static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

  /** The version of this SDK. */
  public static final String VERSION = "0.1.0";

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
   * Begins to make the client of an installed plugin: id, version, source types, heartbeat and settings come from {@code plugin.json} and {@code
   * openclone.conf}.
   *
   * @param directory where they are; null for {@code OPENCLONE_PLUGIN_DIR}, else the working directory
   * @return options to be filled in
   * @throws OpenCloneException.InvalidOptions with file and line, if a setting cannot be
   */
  public static OpenCloneBuilder fromManifest(Path directory) {
    return new OpenCloneBuilder(Manifest.read(directory));
  }

  /**
   * What {@link #fromManifest} has read.
   *
   * @return null if there is none
   */
  public Manifest manifest() {
    return engine.manifest();
  }

  /**
   * The settings of the plugin that {@link #fromManifest} has read, checked against its {@code config_schema}.
   *
   * @return by name, see {@link Manifest#config()}
   */
  public Map<String, Object> config() {
    return engine.config();
  }

  /**
   * The id of this device.
   *
   * @return one for all plugins of this user
   */
  public String deviceId() {
    return engine.deviceId();
  }

  /**
   * Whether the plugin is switched on and has the consent that it needs. A plugin that is not exits with status 3.
   *
   * @return whether {@link #send} takes events
   */
  public boolean isEnabled() {
    return engine.isEnabled();
  }

  /**
   * Why {@link #send} would throw {@link OpenCloneException.NotEnabled}, and what to do about it.
   *
   * @return null if it would not
   */
  public String whyDisabled() {
    return engine.whyDisabled();
  }

  /**
   * Whether the user has paused capture on this machine. Ask once a second; capture nothing during a pause.
   *
   * @return whether it is paused
   */
  public boolean isPaused() {
    return engine.isPaused();
  }

  /**
   * Reports what the plugin is doing, now and every heartbeat, over gRPC. Returns at once.
   *
   * @param state what it is doing
   * @param reason a sentence without anything that was captured; cut at 256 bytes
   */
  public void reportHealth(HealthState state, String reason) {
    engine.reportHealth(state, reason);
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
