package dev.openclone;

import dev.openclone.internal.Options;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The options of a client. What is not set comes from the environment, then from the defaults of {@code clients/README.md}. */
public final class OpenCloneBuilder {
  private final Options options;

  OpenCloneBuilder() {
    this(System::getenv);
  }

  OpenCloneBuilder(UnaryOperator<String> environment) {
    options = new Options(environment);
  }

  /**
   * Where the service listens.
   *
   * @param url {@code http://host:port} or {@code https://host:port}; default {@code OPENCLONE_ENDPOINT}, else {@code http://127.0.0.1:8000}
   * @return this
   */
  public OpenCloneBuilder endpoint(String url) {
    options.endpoint = url;
    return this;
  }

  /**
   * The key. It is never shown.
   *
   * @param key default {@code OPENCLONE_API_KEY}, else {@code API_KEY}
   * @return this
   */
  public OpenCloneBuilder apiKey(String key) {
    options.apiKey = key;
    return this;
  }

  /**
   * Which plugin sends. Required.
   *
   * @param id kebab-case, 1 to 64 characters of {@code [a-z0-9-]}
   * @return this
   */
  public OpenCloneBuilder pluginId(String id) {
    options.pluginId = id;
    return this;
  }

  /**
   * The plugin's version. Required.
   *
   * @param version SemVer 2.0, such as {@code 1.0.0}
   * @return this
   */
  public OpenCloneBuilder pluginVersion(String version) {
    options.pluginVersion = version;
    return this;
  }

  /**
   * What the events are. Required.
   *
   * @param type one of the 15 source types
   * @return this
   */
  public OpenCloneBuilder sourceType(SourceType type) {
    options.sourceType = type;
    return this;
  }

  /**
   * The platform that the plugin runs on.
   *
   * @param platform default: that of this machine
   * @return this
   */
  public OpenCloneBuilder platform(Platform platform) {
    options.platform = platform;
    return this;
  }

  /**
   * Whether events are taken at all.
   *
   * @param enabled default {@code OPENCLONE_ENABLED}, else whether the source type is of LOW or MEDIUM sensitivity
   * @return this
   */
  public OpenCloneBuilder enabled(boolean enabled) {
    options.enabled = enabled;
    return this;
  }

  /**
   * Where device id, spool and rejected events are kept.
   *
   * @param directory default {@code OPENCLONE_STATE}, else {@code ~/.openclone-plugins/<plugin id>}
   * @return this
   */
  public OpenCloneBuilder stateDir(Path directory) {
    options.stateDir = directory;
    return this;
  }

  /**
   * How many events make a batch.
   *
   * @param events 1 to 500; default 100
   * @return this
   */
  public OpenCloneBuilder maxBatchEvents(int events) {
    options.maxBatchEvents = events;
    return this;
  }

  /**
   * How long an event waits for others.
   *
   * @param age from the first event of a batch to its sending; default 60 s
   * @return this
   */
  public OpenCloneBuilder maxBatchAge(Duration age) {
    options.maxBatchAge = age;
    return this;
  }

  /**
   * How big the spool may become.
   *
   * @param bytes default 512 MiB
   * @return this
   */
  public OpenCloneBuilder spoolMaxBytes(long bytes) {
    options.spoolMaxBytes = bytes;
    return this;
  }

  /**
   * What happens when the spool is full.
   *
   * @param policy default {@link OnFull#BLOCK}
   * @return this
   */
  public OpenCloneBuilder onFull(OnFull policy) {
    options.onFull = policy;
    return this;
  }

  /**
   * How long {@link OpenClone#send} waits for room.
   *
   * @param timeout default 30 s
   * @return this
   */
  public OpenCloneBuilder blockTimeout(Duration timeout) {
    options.blockTimeout = timeout;
    return this;
  }

  /**
   * How batches travel.
   *
   * @param transport default {@link Transport#AUTO}
   * @return this
   */
  public OpenCloneBuilder transport(Transport transport) {
    options.transport = transport;
    return this;
  }

  /**
   * How long a batch may be without a response before the connection is given up.
   *
   * @param timeout default 30 s
   * @return this
   */
  public OpenCloneBuilder responseTimeout(Duration timeout) {
    options.responseTimeout = timeout;
    return this;
  }

  /**
   * How long to wait before trying again: a random time between 0 and {@code min(cap, base * 2^attempt)}.
   *
   * @param base default 0.5 s
   * @param cap default 60 s
   * @return this
   */
  public OpenCloneBuilder retry(Duration base, Duration cap) {
    options.retryBase = base;
    options.retryCap = cap;
    return this;
  }

  /**
   * When events that the service finds ahead of its clock are sent again.
   *
   * @param interval default 1 h
   * @return this
   */
  public OpenCloneBuilder clockRetry(Duration interval) {
    options.clockRetry = interval;
    return this;
  }

  /**
   * Who receives a failure that lasts. Called on a thread of the client; must not flush or close it.
   *
   * @param handler default: a warning in the log
   * @return this
   */
  public OpenCloneBuilder onError(Consumer<? super OpenCloneException> handler) {
    options.onError = handler;
    return this;
  }

  /**
   * Who receives each event that was set aside. Called on a thread of the client; must not flush or close it.
   *
   * @param handler default: a warning in the log
   * @return this
   */
  public OpenCloneBuilder onRejected(Consumer<? super RejectedEvent> handler) {
    options.onRejected = handler;
    return this;
  }

  /**
   * Makes the client: takes hold of the state directory, looks what an earlier run left, and begins to send it.
   *
   * @return the client, to be closed
   * @throws OpenCloneException.InvalidOptions if an option breaks a rule
   * @throws OpenCloneException.SpoolLocked if another process uses the state directory
   * @throws OpenCloneException.SpoolError if the disk fails
   */
  public OpenClone build() {
    return new OpenClone(options.checked());
  }

  /** Without the key, and without an endpoint that has not been checked. */
  @Override
  public String toString() {
    return "OpenCloneBuilder[plugin_id=" + options.pluginId + ", source_type=" + options.sourceType + "]";
  }
}
