package dev.openclone;

import dev.openclone.internal.Options;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The options of a client. What is not set comes from the environment, then from the defaults of {@code clients/README.md}. */
public final class OpenCloneBuilder {
  private final Options options;

  OpenCloneBuilder() {
    this(System::getenv);
  }

  OpenCloneBuilder(Manifest manifest) {
    this();
    options.manifest = manifest;
    options.config = manifest.config();
    options.pluginId = manifest.id();
    options.pluginVersion = manifest.version();
    options.sourceTypes = manifest.sourceTypes();
    options.heartbeatSeconds = manifest.heartbeatSeconds();
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
   * A file that holds the key alone. It is read for each connection: a renewed key needs no restart.
   *
   * @param file default {@code OPENCLONE_API_KEY_FILE}, if there is no key
   * @return this
   */
  public OpenCloneBuilder apiKeyFile(Path file) {
    options.apiKeyFile = file;
    return this;
  }

  /**
   * What gives the key for each connection.
   *
   * @param provider called on threads of the client
   * @return this
   */
  public OpenCloneBuilder apiKey(Callable<String> provider) {
    options.apiKeyProvider = provider;
    return this;
  }

  /**
   * Several source types, in place of one. Each has its own batches and an equal part of the spool. An event of a payload says by itself what it is,
   * one of JSON needs {@link Event#as}.
   *
   * @param types at least one
   * @return this
   */
  public OpenCloneBuilder sourceTypes(List<SourceType> types) {
    options.sourceTypes = List.copyOf(types);
    return this;
  }

  /**
   * How often {@link OpenClone#reportHealth} is repeated, beginning with capturing.
   *
   * @param seconds 60 to 86400; default 0, never
   * @return this
   */
  public OpenCloneBuilder heartbeatSeconds(int seconds) {
    options.heartbeatSeconds = seconds;
    return this;
  }

  /**
   * Whether each attempt and its failure are logged, never a key or an event.
   *
   * @param debug default: whether {@code OPENCLONE_DEBUG} is set
   * @return this
   */
  public OpenCloneBuilder debug(boolean debug) {
    options.debug = debug;
    return this;
  }

  /**
   * A service in memory, for tests: the key may be missing, events are taken, spool and device id are temporary.
   *
   * @param service takes the place of the service
   * @return this
   */
  public OpenCloneBuilder memory(MemoryService service) {
    options.memory = service;
    return this;
  }

  /**
   * Who learns, once, that a batch was accepted after a failure that {@link #onError} was told of.
   *
   * @param handler default: a warning in the log
   * @return this
   */
  public OpenCloneBuilder onRecovered(Runnable handler) {
    options.onRecovered = handler;
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
   * @param enabled default: whether {@code OPENCLONE_ENABLED}, a list of plugin ids, names the plugin; else {@code openclone.enabled} with a
   *     manifest, and without whether the source types are of LOW or MEDIUM sensitivity. With a manifest HIGH and CRITICAL also need consent.
   * @return this
   */
  public OpenCloneBuilder enabled(boolean enabled) {
    options.enabled = enabled;
    return this;
  }

  /**
   * Where spool and rejected events are kept.
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
   * @param age from the first event of a batch to its sending; default 5 s over a stream, 15 s over JSON, where each 429 doubles it
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
