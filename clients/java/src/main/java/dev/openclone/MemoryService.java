package dev.openclone;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes the place of the service in the tests of a plugin, see {@link OpenCloneBuilder#memory}: nothing leaves the process, and nothing is left on
 * disk. Use one for each client.
 */
public final class MemoryService {
  private final List<StoredEvent> events = new ArrayList<>();
  private final List<HealthReport> health = new ArrayList<>();
  private final Set<String> rejects = new HashSet<>();
  private final Set<List<String>> known = new HashSet<>();
  private boolean away;

  /** Makes one that has nothing yet. */
  public MemoryService() {}

  /**
   * An event as the service would have stored it.
   *
   * @param sourceType that of its batch
   * @param timestamp Unix seconds
   * @param rawRef the plugin's id of it
   * @param data in JSON, whether it was sent as a payload or not
   */
  public record StoredEvent(SourceType sourceType, double timestamp, String rawRef, JsonObject data) {}

  /**
   * A report of the plugin's health.
   *
   * @param state what it is doing
   * @param reason why
   */
  public record HealthReport(HealthState state, String reason) {}

  /**
   * What was stored.
   *
   * @return each event once
   */
  public synchronized List<StoredEvent> events() {
    return List.copyOf(events);
  }

  /**
   * The reports so far.
   *
   * @return oldest first
   */
  public synchronized List<HealthReport> health() {
    return List.copyOf(health);
  }

  /**
   * Makes every batch fail as if the service were away, or takes that back.
   *
   * @param isAway whether it is
   */
  public synchronized void setAway(boolean isAway) {
    away = isAway;
  }

  /**
   * Rejects an event.
   *
   * @param rawRef its id
   */
  public synchronized void reject(String rawRef) {
    rejects.add(rawRef);
  }

  /**
   * Notes a report; called by the client.
   *
   * @param state what the plugin is doing
   * @param reason why
   */
  public synchronized void report(HealthState state, String reason) {
    health.add(new HealthReport(state, reason));
  }

  /**
   * Answers a documented batch as {@code POST /api/v1/ingest} does; called by the client.
   *
   * @param body the batch
   * @return status and body, separated by a space; null while the service is away
   */
  public synchronized String post(byte[] body) {
    if (away) {
      return null;
    }
    JsonObject batch = JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
    JsonArray sent = batch.getAsJsonArray("events");
    for (int index = 0; index < sent.size(); ++index) {
      if (rejects.contains(sent.get(index).getAsJsonObject().get("raw_ref").getAsString())) {
        return "422 {\"detail\":[{\"loc\":[\"body\",\"events\"," + index + "],\"msg\":\"rejected by the test\"}]}";
      }
    }
    int stored = 0;
    String type = batch.get("source_type").getAsString();
    for (JsonElement element : sent) {
      JsonObject event = element.getAsJsonObject();
      String ref = event.get("raw_ref").getAsString();
      if (known.add(List.of(type, batch.get("plugin_id").getAsString(), ref))) {
        events.add(new StoredEvent(SourceType.named(type), event.get("timestamp").getAsDouble(), ref, event.getAsJsonObject("data")));
        ++stored;
      }
    }
    return "200 {\"stored\":" + stored + ",\"skipped\":" + (sent.size() - stored) + "}";
  }
}
