package dev.openclone.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which process uses a state directory: the rule that the SDKs of all languages share. Every client creates
 * {@code owners/<pid>-<start>-<random>} exclusively, then lists the directory: if the file of another client whose process is alive is there, it
 * removes its own and fails. Of two clients that open at the same time at least one sees the other. {@code start} is the start time in
 * {@code /proc/<pid>/stat}, or 0 where the system has none: it tells a process from an earlier one with the same id. A file of this process belongs
 * to another client in it.
 */
final class Owner {
  private static final Pattern NAME = Pattern.compile("([0-9]{1,10})-([0-9]{1,18})-[0-9a-f]{16}");
  /** Two clients that open at the same time may both give way. */
  private static final int ATTEMPTS = 3;
  private static final long PAUSE_MILLIS = 50;
  private static final int START_FIELD = 19;

  private Owner() {}

  /** The owner's file; null if another client holds the directory. */
  static Path claim(Path directory) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; ++attempt) {
      if (attempt > 0) {
        pause();
      }
      long pid = ProcessHandle.current().pid();
      String tag = String.format("%016x", ThreadLocalRandom.current().nextLong());
      Path own = directory.resolve(pid + "-" + startOf(pid).orElse(0) + "-" + tag);
      StateDir.createPrivate(own);
      if (!hasOther(directory, own)) {
        return own;
      }
      Files.deleteIfExists(own);
    }
    return null;
  }

  private static void pause() {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(PAUSE_MILLIS));
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether another client is alive; removes the files of those that are not. */
  private static boolean hasOther(Path directory, Path own) throws IOException {
    boolean found = false;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (file.equals(own) || !name.matches()) {
          continue;
        }
        if (isAlive(Long.parseLong(name.group(1)), Long.parseLong(name.group(2)))) {
          found = true;
        } else {
          Files.deleteIfExists(file);
        }
      }
    }
    return found;
  }

  private static boolean isAlive(long pid, long start) {
    OptionalLong current = startOf(pid);
    return current.isPresent() && (start == 0 || current.getAsLong() == 0 || current.getAsLong() == start);
  }

  /** When a process was started, in ticks; 0 if the system does not say; empty if there is no such process. */
  private static OptionalLong startOf(long pid) {
    if (!Files.exists(Path.of("/proc/self/stat"))) {
      return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent() ? OptionalLong.of(0) : OptionalLong.empty();
    }
    try {
      String stat = new String(StateDir.read(Path.of("/proc", Long.toString(pid), "stat")), StandardCharsets.ISO_8859_1);
      // The name in parentheses may have spaces in it.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
      boolean dead = fields[0].equals("Z") || fields[0].equals("X");
      return dead ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(fields[START_FIELD]));
    } catch (IOException | ArrayIndexOutOfBoundsException | NumberFormatException gone) {
      return OptionalLong.empty();
    }
  }
}
