package dev.openclone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.openclone.OpenCloneException.InvalidEvent;
import dev.openclone.OpenCloneException.InvalidOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a plugin is set up: manifest and settings; and the service in memory. */
@Timeout(60)
class SetupTest {
  private static final String MANIFEST =
      """
      {"id": "my-plugin", "name": "Mine", "version": "1.2.0", "source_types": ["braindump", "notes"], "sensitivity": "LOW",
       "config_schema": {
         "openclone.enabled": {"type": "boolean", "default": false},
         "interval": {"type": "integer", "default": 60, "minimum": 10, "maximum": 100},
         "ratio": {"type": "number"},
         "mode": {"type": "string", "default": "slow", "enum": ["slow", "fast"]},
         "names": {"type": "array", "default": ["a"]}}}
      """;
  @TempDir Path directory;

  private OpenCloneBuilder plugin(String conf) throws IOException {
    Files.writeString(directory.resolve("plugin.json"), MANIFEST);
    Files.writeString(directory.resolve("openclone.conf"), conf);
    return OpenClone.fromManifest(directory);
  }

  @Test
  void aManifestMakesAClientOfSeveralSourceTypes() throws IOException {
    MemoryService memory = new MemoryService();
    memory.reject("bad");
    List<String> rejected = new ArrayList<>();
    OpenCloneBuilder builder = plugin("openclone.enabled = true\n# a comment\n\ninterval = 30.0\nratio=0.5\nmode = fast\nnames = [\"x\", \"y\"]\n");
    try (OpenClone client = builder.memory(memory).onRejected(event -> rejected.add(event.rawRef())).build()) {
      Map<String, Object> expected = Map.of("openclone.enabled", true, "interval", 30L, "ratio", 0.5, "mode", "fast", "names", List.of("x", "y"));
      assertEquals(expected, client.config());
      client.send(Event.braindump(thought -> thought.setText("a thought")));
      client.send(Event.notes(note -> note.setTitle("a note")).rawRef("bad"));
      client.send(Event.json(Map.of("n", 1)).as(SourceType.NOTES));
      assertThrows(InvalidEvent.class, () -> client.send(Event.json(Map.of())));
      assertThrows(InvalidEvent.class, () -> client.send(Event.json(Map.of()).as(SourceType.MUSIC)));
      client.reportHealth(HealthState.FAILING, "no sound");
    }
    Map<SourceType, String> stored = new TreeMap<>();
    memory.events().forEach(event -> stored.put(event.sourceType(), event.data().toString()));
    assertEquals(Map.of(SourceType.BRAINDUMP, "{\"text\":\"a thought\"}", SourceType.NOTES, "{\"n\":1}"), stored);
    assertEquals(List.of("bad"), rejected);
    assertEquals(List.of(new MemoryService.HealthReport(HealthState.FAILING, "no sound")), memory.health());
  }

  @Test
  void aSettingThatCannotBeIsNamedWithItsLine() {
    Map<String, String> wrong =
        Map.of(
            "interval = soon", "of type integer", "interval = 9", "at least 10", "interval = 101", "at most 100", "interval = true", "of type integer",
            "mode = other", "one of", "colour = red", "no setting colour", "nonsense", "name = value", "names = a", "of type array");
    wrong.forEach(
        (line, complaint) -> {
          String message = assertThrows(InvalidOptions.class, () -> plugin("\n" + line + "\n")).getMessage();
          assertTrue(message.contains("openclone.conf:2: ") && message.contains(complaint), line + ": " + message);
        });
  }

  @Test
  void aFailureThatWasReportedAndItsEndAreToldOnce() throws InterruptedException {
    MemoryService memory = new MemoryService();
    memory.setAway(true);
    AtomicInteger failed = new AtomicInteger();
    AtomicInteger recovered = new AtomicInteger();
    OpenCloneBuilder builder = OpenClone.builder().pluginId("p").pluginVersion("1.0.0").sourceType(SourceType.HEALTH).memory(memory);
    builder.retry(Duration.ofMillis(1), Duration.ofMillis(2)).onError(error -> failed.incrementAndGet()).onRecovered(recovered::incrementAndGet);
    try (OpenClone client = builder.build()) {
      client.send(Event.json("{}"));
      assertThrows(OpenCloneException.Timeout.class, () -> client.flush(Duration.ofMillis(100)));
      while (failed.get() == 0) {
        Thread.sleep(5);
      }
      memory.setAway(false);
    }
    assertEquals(List.of(1, 1), List.of(failed.get(), recovered.get()));
  }
}
