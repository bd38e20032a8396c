package dev.openclone;

import java.nio.file.Path;
import java.util.List;

/**
 * An event that the server refused and that was set aside.
 *
 * @param rawRef the event's {@code raw_ref}
 * @param faults what is wrong with it, such as {@code events[0].timestamp: …}
 * @param file where it is kept; after repair {@code openclone ingest FILE} sends it
 */
public record RejectedEvent(String rawRef, List<String> faults, Path file) {
  /**
   * Copies the list.
   *
   * @param rawRef the event's {@code raw_ref}
   * @param faults what is wrong with it
   * @param file where it is kept
   */
  public RejectedEvent {
    faults = List.copyOf(faults);
  }
}
