package dev.openclone.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.openclone.OnFull;
import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.Closed;
import dev.openclone.OpenCloneException.InvalidOptions;
import dev.openclone.OpenCloneException.NotEnabled;
import dev.openclone.SourceType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EngineTest {
  private static final Duration SHORT = Duration.ofMillis(50);
  @TempDir Path directory;

  @Test
  void withoutAServerEventsStayForTheNextStart() {
    Engine engine = new Engine(Samples.options(directory).checked());
    engine.send(Samples.thought("e1"));
    assertThrows(OpenCloneException.Timeout.class, () -> engine.flush(SHORT));
    assertEquals(1, engine.stats().queued());
    assertThrows(OpenCloneException.Timeout.class, () -> engine.close(SHORT));
    assertThrows(Closed.class, () -> engine.send(Samples.thought("e2")));
    engine.close(SHORT);
    Engine next = new Engine(Samples.options(directory).checked());
    assertEquals(1, next.stats().queued());
    assertThrows(OpenCloneException.Timeout.class, () -> next.close(SHORT));
  }

  @Test
  void personalTypesAreOffUntilSwitchedOn() {
    for (SourceType type : SourceType.values()) {
      Options options = Samples.options(directory);
      options.sourceType = type;
      assertEquals(!type.sensitivity().asksFirst(), options.checked().whyOff == null, type.wireName());
      Options on = Samples.options(directory, Map.of("OPENCLONE_ENABLED", "other, my-plugin"));
      on.sourceType = type;
      assertNull(on.checked().whyOff);
      assertInvalid("OPENCLONE_ENABLED", Samples.options(directory, Map.of("OPENCLONE_ENABLED", "true")));
    }
    Options options = Samples.options(directory);
    options.enabled = false;
    Engine engine = new Engine(options.checked());
    assertThrows(NotEnabled.class, () -> engine.send(Samples.thought("e1")));
    engine.close(SHORT);
  }

  @Test
  void theEnvironmentFillsIn() {
    Options options =
        Samples.options(null, Map.of("OPENCLONE_ENDPOINT", "https://example.org", "API_KEY", "second", "OPENCLONE_API_KEY", "first", "OPENCLONE_STATE", "/state"));
    options.endpoint = null;
    options.apiKey = null;
    Options checked = options.checked();
    assertEquals("https://example.org", checked.endpoint);
    assertEquals("first", checked.key.get());
    assertEquals(Path.of("/state"), checked.stateDir);
    Options plain = Samples.options(null);
    plain.endpoint = null;
    assertEquals("http://127.0.0.1:8000", plain.checked().endpoint);
    assertTrue(plain.checked().stateDir.endsWith(Path.of(".openclone-plugins", "my-plugin")));
  }

  @Test
  void rulesAreNamed() {
    assertInvalid("endpoint", options -> options.endpoint = "ftp://127.0.0.1");
    assertInvalid("endpoint", options -> options.endpoint = "http://user:secret@127.0.0.1");
    assertInvalid("endpoint", options -> options.endpoint = "http://127.0.0.1/path");
    assertInvalid("endpoint", options -> options.endpoint = "http://secret host");
    assertInvalid("api_key", options -> options.apiKey = null);
    assertInvalid("api_key", options -> options.apiKey = "line\nfeed");
    assertInvalid("plugin_id", options -> options.pluginId = "Not Kebab");
    assertInvalid("plugin_id", options -> options.pluginId = "a".repeat(65));
    assertInvalid("plugin_version", options -> options.pluginVersion = "1.0");
    assertInvalid("plugin_version", options -> options.pluginVersion = "01.0.0");
    assertInvalid("source_type", options -> options.sourceType = null);
    assertInvalid("max_batch_events", options -> options.maxBatchEvents = 0);
    assertInvalid("max_batch_events", options -> options.maxBatchEvents = 501);
    assertInvalid("max_batch_age", options -> options.maxBatchAge = Duration.ZERO);
    assertInvalid("spool_max_bytes", options -> options.spoolMaxBytes = 0);
    assertInvalid("on_full", options -> options.onFull = null);
    assertInvalid("retry_base", options -> options.retryBase = Duration.ofSeconds(-1));
    Options fine = Samples.options(directory);
    fine.pluginVersion = "1.0.0-beta.1+5";
    fine.onFull = OnFull.BLOCK;
    fine.checked();
  }

  private void assertInvalid(String option, Consumer<Options> change) {
    Options options = Samples.options(directory);
    change.accept(options);
    assertInvalid(option, options);
  }

  private static void assertInvalid(String option, Options options) {
    InvalidOptions error = assertThrows(InvalidOptions.class, options::checked);
    assertTrue(error.getMessage().startsWith(option + ":"), error.getMessage());
    assertFalse(error.getMessage().contains("secret"), error.getMessage());
  }

  @Test
  void theKeyIsNotShown() {
    Engine engine = new Engine(Samples.options(directory).checked());
    assertTrue(engine.toString().contains("my-plugin"));
    assertFalse(engine.toString().contains(Samples.KEY));
    engine.close(SHORT);
  }
}
