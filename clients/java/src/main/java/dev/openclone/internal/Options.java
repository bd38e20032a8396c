package dev.openclone.internal;

import dev.openclone.Manifest;
import dev.openclone.MemoryService;
import dev.openclone.OnFull;
import dev.openclone.OpenClone;
import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.InvalidOptions;
import dev.openclone.OpenCloneException.SpoolError;
import dev.openclone.Platform;
import dev.openclone.RejectedEvent;
import dev.openclone.SourceType;
import dev.openclone.Transport;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The options of a client. Filled by the builder; {@link #checked} gives a copy that nobody changes any more. */
public final class Options {
  private static final System.Logger LOG = System.getLogger("dev.openclone");
  private static final Pattern PLUGIN_ID = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
  private static final String IDENTIFIER = "(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)";
  private static final Pattern VERSION =
      Pattern.compile(
          "(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)"
              + ("(-" + IDENTIFIER + "(\\." + IDENTIFIER + ")*)?")
              + "(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?");
  private static final Set<String> NO_IDS = Set.of("0", "1", "true", "false", "yes", "no", "on", "off");
  /** The setting that switches a plugin on. */
  private static final String SWITCH = "openclone.enabled";
  /** What every connection says that it is. */
  static final String USER_AGENT = "openclone-java/" + OpenClone.VERSION;

  private final UnaryOperator<String> environment;

  public String endpoint;
  public String apiKey;
  public Path apiKeyFile;
  public Callable<String> apiKeyProvider;
  /** Made by {@link #checked}. */
  Key key;
  public String pluginId;
  public String pluginVersion;
  public SourceType sourceType;
  public List<SourceType> sourceTypes = List.of();
  public Manifest manifest;
  public Map<String, Object> config = Map.of();
  public MemoryService memory;
  public int heartbeatSeconds;
  public Boolean debug;
  public Runnable onRecovered = () -> LOG.log(Level.WARNING, "the service accepts events again");
  /** What all plugins share. Made by {@link #checked}. */
  Path home;
  /** Removed by closing; null if there is nothing to remove. */
  Path temporary;
  /** Why the plugin may not send; null if it may. Made by {@link #checked}. */
  String whyOff;
  public Platform platform;
  public Boolean enabled;
  public Path stateDir;
  public int maxBatchEvents = 100;
  /** Null: as the transport needs it. */
  public Duration maxBatchAge;
  public long spoolMaxBytes = 512L << 20;
  public OnFull onFull = OnFull.BLOCK;
  public Duration blockTimeout = Duration.ofSeconds(30);
  public Transport transport = Transport.AUTO;
  public Duration responseTimeout = Duration.ofSeconds(30);
  public Duration retryBase = Duration.ofMillis(500);
  public Duration retryCap = Duration.ofSeconds(60);
  public Duration clockRetry = Duration.ofHours(1);
  public Consumer<? super OpenCloneException> onError = Options::logError;
  public Consumer<? super RejectedEvent> onRejected = Options::logRejected;

  public Options(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  /** A copy with every default filled in. */
  public Options checked() {
    Options copy = new Options(environment);
    copy.endpoint = checkedEndpoint(firstOf(endpoint, "OPENCLONE_ENDPOINT", "http://127.0.0.1:8000"));
    copy.memory = memory;
    copy.key = checkedKey();
    copy.pluginId = pluginId;
    require(
        pluginId != null && pluginId.length() <= 64 && PLUGIN_ID.matcher(pluginId).matches(),
        "plugin_id: must be kebab-case of a-z, 0-9 and \"-\", 1 to 64 characters");
    copy.pluginVersion = pluginVersion;
    require(pluginVersion != null && VERSION.matcher(pluginVersion).matches(), "plugin_version: must be SemVer, such as 1.0.0");
    copy.sourceTypes = sourceType != null ? List.of(sourceType) : List.copyOf(sourceTypes);
    require(!copy.sourceTypes.isEmpty(), "source_type: is required");
    require(Set.copyOf(copy.sourceTypes).size() == copy.sourceTypes.size(), "source_types: each one once");
    copy.manifest = manifest;
    copy.config = config;
    copy.heartbeatSeconds = heartbeatSeconds;
    require(heartbeatSeconds == 0 || heartbeatSeconds >= 60 && heartbeatSeconds <= 86_400, "heartbeat_seconds: must be 60 to 86400, or 0");
    String variable = environment.apply("OPENCLONE_DEBUG");
    copy.debug = debug != null ? debug : variable != null && !variable.isEmpty();
    copy.onRecovered = present(onRecovered, "on_recovered");
    copy.platform = platform == null ? Platform.current() : platform;
    copy.enabled = enabled;
    copy.copyLimits(this);
    copy.home = memory != null ? temporary() : Shared.home(environment);
    copy.temporary = memory != null ? copy.home : null;
    copy.transport = memory != null ? Transport.JSON : copy.transport;
    copy.stateDir = memory != null && stateDir == null ? copy.home.resolve("state") : checkedStateDir();
    copy.whyOff = whyOff(copy);
    return copy;
  }

  private void copyLimits(Options from) {
    require(from.maxBatchEvents >= 1 && from.maxBatchEvents <= 500, "max_batch_events: must be 1 to 500");
    maxBatchEvents = from.maxBatchEvents;
    maxBatchAge = from.maxBatchAge == null ? null : positive(from.maxBatchAge, "max_batch_age");
    require(from.spoolMaxBytes > 0, "spool_max_bytes: must be over 0");
    spoolMaxBytes = from.spoolMaxBytes;
    onFull = present(from.onFull, "on_full");
    blockTimeout = positive(from.blockTimeout, "block_timeout");
    transport = present(from.transport, "transport");
    responseTimeout = positive(from.responseTimeout, "response_timeout");
    retryBase = positive(from.retryBase, "retry_base");
    retryCap = positive(from.retryCap, "retry_cap");
    clockRetry = positive(from.clockRetry, "clock_retry");
    onError = present(from.onError, "on_error");
    onRejected = present(from.onRejected, "on_rejected");
  }

  private String firstOf(String given, String variable, String otherwise) {
    if (given != null) {
      return given;
    }
    String value = environment.apply(variable);
    return value != null && !value.isEmpty() ? value : otherwise;
  }

  private static String checkedEndpoint(String text) {
    String rule = "endpoint: must be http://host:port or https://host:port, without user, path or query";
    try {
      URI uri = new URI(text);
      boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      boolean bare = uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null;
      boolean root = uri.getRawPath() == null || uri.getRawPath().isEmpty() || uri.getRawPath().equals("/");
      require(web && uri.getHost() != null && bare && root, rule);
      return uri.getScheme() + "://" + uri.getRawAuthority();
    } catch (URISyntaxException error) {
      // Without the cause: it repeats the text, which may hold a password.
      throw new InvalidOptions(rule);
    }
  }

  private Key checkedKey() {
    Key made;
    if (apiKeyProvider != null) {
      made = new Key(apiKeyProvider, true);
    } else {
      String given = apiKey != null || apiKeyFile != null ? apiKey : firstOf(null, "OPENCLONE_API_KEY", environment.apply("API_KEY"));
      String variable = environment.apply("OPENCLONE_API_KEY_FILE");
      Path file = apiKeyFile == null && variable != null && !variable.isEmpty() ? Path.of(variable) : apiKeyFile;
      String fixed = given == null && memory != null ? "in-memory" : given;
      made = fixed != null || file == null ? new Key(() -> fixed, false) : new Key(() -> new String(StateDir.read(file), StandardCharsets.UTF_8).strip(), true);
    }
    made.get();
    return made;
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("openclone-");
    } catch (IOException error) {
      throw new SpoolError("no temporary directory: " + error, error);
    }
  }

  /** The same with a part of the spool's bytes. */
  Options ofLane(int lanes) {
    Options copy = new Options(environment);
    copy.endpoint = endpoint;
    copy.key = key;
    copy.pluginId = pluginId;
    copy.pluginVersion = pluginVersion;
    copy.memory = memory;
    copy.debug = debug;
    copy.onRecovered = onRecovered;
    copy.copyLimits(this);
    copy.spoolMaxBytes = Math.max(1, spoolMaxBytes / lanes);
    return copy;
  }

  /** Of what {@code debug} shows. */
  Level debugLevel() {
    return Boolean.TRUE.equals(debug) ? Level.INFO : Level.DEBUG;
  }

  /** Why a plugin may not send, and what to do about it; null if it may. */
  private String whyOff(Options checked) {
    if (enabled != null) {
      return enabled ? null : pluginId + " is not switched on: enabled(false)";
    }
    String variable = environment.apply("OPENCLONE_ENABLED");
    Set<String> named = Arrays.stream((variable == null ? "" : variable).split(",")).map(String::strip).collect(Collectors.toSet());
    for (String name : named) {
      require(!NO_IDS.contains(name.toLowerCase(Locale.ROOT)), "OPENCLONE_ENABLED: lists ids of plugins, such as my-plugin,other-plugin, not " + name);
    }
    boolean isNamed = named.contains(pluginId);
    if (memory != null) {
      return null;
    }
    if (manifest == null) {
      boolean isOff = !isNamed && checked.sourceTypes.stream().anyMatch(type -> type.sensitivity().asksFirst());
      return isOff ? pluginId + " is not switched on: ask the user, then set enabled(true) or OPENCLONE_ENABLED=" + pluginId : null;
    }
    String enable = "openclone plugins enable " + pluginId;
    if (!isNamed && !Boolean.TRUE.equals(config.get(SWITCH))) {
      return pluginId + " is not switched on: run " + enable + ", or set " + SWITCH + " = true in " + manifest.directory().resolve("openclone.conf");
    }
    if (manifest.sensitivity().asksFirst() && !Shared.hasConsent(checked.home, manifest)) {
      return pluginId + " captures " + manifest.sensitivity() + " data and has no consent: run " + enable;
    }
    return null;
  }

  private Path checkedStateDir() {
    if (stateDir != null) {
      return stateDir.toAbsolutePath();
    }
    String home = Path.of(System.getProperty("user.home"), ".openclone-plugins", pluginId).toString();
    return Path.of(firstOf(null, "OPENCLONE_STATE", home)).toAbsolutePath();
  }

  private static Duration positive(Duration value, String name) {
    require(value != null && !value.isNegative() && !value.isZero(), name + ": must be over 0");
    return value;
  }

  private static <T> T present(T value, String name) {
    require(value != null, name + ": is required");
    return value;
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new InvalidOptions(message);
    }
  }

  private static void logError(OpenCloneException error) {
    LOG.log(Level.WARNING, error.getClass().getSimpleName() + ": " + error.getMessage());
  }

  private static void logRejected(RejectedEvent event) {
    LOG.log(Level.WARNING, "event set aside: raw_ref=" + event.rawRef() + " violations=" + event.violations() + " file=" + event.file());
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "plugin_id=" + pluginId + ", plugin_version=" + pluginVersion + ", source_type=" + sourceTypes.stream().map(SourceType::wireName).collect(Collectors.joining(","))
        + ", endpoint=" + endpoint + ", transport=" + transport + ", enabled=" + (whyOff == null) + ", state_dir=" + stateDir;
  }
}
