import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.openclone.MemoryService;
import dev.openclone.OpenClone;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PluginTest {
  @Test
  void whatIsCapturedIsStoredOnce() {
    MemoryService memory = new MemoryService();
    try (OpenClone client = OpenClone.fromManifest(Path.of(".")).memory(memory).build()) {
      Plugin.runOnce(client);
      Plugin.runOnce(client);
    }
    assertEquals(1, memory.events().size());
    assertEquals("{{source_type}}", memory.events().get(0).sourceType().wireName());
  }
}
