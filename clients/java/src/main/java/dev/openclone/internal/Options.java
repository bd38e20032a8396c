package dev.openclone.internal;

import dev.openclone.OnFull;
import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.InvalidOptions;
import dev.openclone.Platform;
import dev.openclone.RejectedEvent;
import dev.openclone.SourceType;
import dev.openclone.Transport;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

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
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e][\\x20-\\x7e]*");

  private final UnaryOperator<String> environment;

  public String endpoint;
  public String apiKey;
  public String pluginId;
  public String pluginVersion;
  public SourceType sourceType;
  public Platform platform;
  public Boolean enabled;
  public Path stateDir;
  public int maxBatchEvents = 100;
  public Duration maxBatchAge = Duration.ofSeconds(60);
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
    copy.apiKey = firstOf(apiKey, "OPENCLONE_API_KEY", environment.apply("API_KEY"));
    require(copy.apiKey != null && KEY.matcher(copy.apiKey).matches(), "api_key: missing or not printable; set it, or OPENCLONE_API_KEY");
    copy.pluginId = pluginId;
    require(
        pluginId != null && pluginId.length() <= 64 && PLUGIN_ID.matcher(pluginId).matches(),
        "plugin_id: must be kebab-case of a-z, 0-9 and \"-\", 1 to 64 characters");
    copy.pluginVersion = pluginVersion;
    require(pluginVersion != null && VERSION.matcher(pluginVersion).matches(), "plugin_version: must be SemVer, such as 1.0.0");
    copy.sourceType = present(sourceType, "source_type");
    copy.platform = platform == null ? Platform.current() : platform;
    copy.enabled = enabled != null ? enabled : enabledByDefault();
    copy.stateDir = checkedStateDir();
    copy.copyLimits(this);
    return copy;
  }

  private void copyLimits(Options from) {
    require(from.maxBatchEvents >= 1 && from.maxBatchEvents <= 500, "max_batch_events: must be 1 to 500");
    maxBatchEvents = from.maxBatchEvents;
    maxBatchAge = positive(from.maxBatchAge, "max_batch_age");
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

  private boolean enabledByDefault() {
    String text = environment.apply("OPENCLONE_ENABLED");
    if (text == null || text.isEmpty()) {
      return !sourceType.sensitivity().asksFirst();
    }
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "1", "yes", "on" -> true;
      case "false", "0", "no", "off" -> false;
      default -> throw new InvalidOptions("OPENCLONE_ENABLED: must be true or false");
    };
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
    return "plugin_id=" + pluginId + ", plugin_version=" + pluginVersion + ", source_type=" + (sourceType == null ? null : sourceType.wireName())
        + ", endpoint=" + endpoint + ", transport=" + transport + ", enabled=" + enabled + ", state_dir=" + stateDir;
  }
}
