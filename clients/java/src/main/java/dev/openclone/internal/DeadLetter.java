package dev.openclone.internal;

import dev.openclone.RejectedEvent;
import dev.openclone.v1.Batch;
import dev.openclone.v1.Event;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Where invalid events are kept: each a documented JSON batch of its own, with one member more, {@code rejected}. */
final class DeadLetter {
  private final Path directory;

  DeadLetter(Path directory) {
    this.directory = directory;
  }

  RejectedEvent keep(Batch header, Event event, List<String> violations) throws IOException {
    Path file = directory.resolve(fileName(event.getRawRef()));
    StateDir.writeWhole(file, JsonForm.ofRejected(header, event, violations));
    return new RejectedEvent(event.getRawRef(), violations, file);
  }

  /** The first 32 hex digits of SHA-256 of the raw_ref: a raw_ref may hold anything. */
  static String fileName(String rawRef) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(rawRef.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 16) + ".json";
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException("every Java runtime has SHA-256", error);
    }
  }
}
