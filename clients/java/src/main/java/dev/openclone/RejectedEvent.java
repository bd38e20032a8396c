package dev.openclone;

import java.nio.file.Path;
import java.util.List;

/**
 * An event that the server invalid and that was set aside.
 *
 * @param rawRef the event's {@code raw_ref}
 * @param violations what is wrong with it, such as {@code events[0].timestamp: …}
 * @param file where it is kept; after repair {@code openclone ingest FILE} sends it
 */
public record RejectedEvent(String rawRef, List<String> violations, Path file) {
  /**
   * Copies the list.
   *
   * @param rawRef the event's {@code raw_ref}
   * @param violations what is wrong with it
   * @param file where it is kept
   */
  public RejectedEvent {
    violations = List.copyOf(violations);
  }
}
