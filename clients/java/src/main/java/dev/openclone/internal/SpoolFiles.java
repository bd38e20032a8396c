package dev.openclone.internal;

import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.Damaged;
import dev.openclone.OpenCloneException.SpoolError;
import dev.openclone.v1.Batch;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The files behind the spool: names, recovery, syncing in the background, deletion. */
final class SpoolFiles {
  private static final Pattern NAME = Pattern.compile("[0-9]{16}\\.seg");
  /** Written data are synced within a second. */
  private static final long SYNC_MILLIS = 800;

  private final Path directory;
  private final Path deadLetter;
  private final Consumer<OpenCloneException> tell;
  private final ScheduledExecutorService background;
  private final Set<Segment> dirty = new LinkedHashSet<>();
  private volatile Segment lastDirty;
  private boolean newFiles;
  private long nextNumber = 1;

  SpoolFiles(StateDir state, Consumer<OpenCloneException> tell) {
    this(state.spool(), state.deadLetter(), tell);
  }

  SpoolFiles(Path directory, Path deadLetter, Consumer<OpenCloneException> tell) {
    this.directory = directory;
    this.deadLetter = deadLetter;
    this.tell = tell;
    background =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "openclone-sync");
              thread.setDaemon(true);
              return thread;
            });
  }

  Path directory() {
    return directory;
  }

  /** The segments of earlier runs that hold events, oldest first. Others are deleted, those that are damaged only once they have been copied. */
  List<Segment> recover() {
    List<Segment> found = new ArrayList<>();
    long sequence = 0;
    try {
      for (Path path : names()) {
        nextNumber = Long.parseLong(path.getFileName().toString().substring(0, 16)) + 1;
        SegmentScan scan = SegmentScan.of(path);
        if (scan.damaged()) {
          Path copy = keepDamaged(path);
          tell.accept(new Damaged(path + ": is damaged behind " + scan.count() + " events, which are sent; the file was copied to " + copy));
        }
        if (scan.header() == null || scan.count() == 0) {
          Files.delete(path);
          continue;
        }
        found.add(Segment.recovered(path, scan, sequence));
        sequence += scan.count();
      }
    } catch (IOException error) {
      throw new SpoolError("spool in " + directory + " cannot be read: " + error, error);
    }
    return found;
  }

  private List<Path> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> NAME.matcher(file.getFileName().toString()).matches()).sorted().toList();
    }
  }

  /** Copies a damaged segment to where people look for what was not sent, under a name that nothing has there: numbers begin again in an empty spool. */
  Path keepDamaged(Path path) {
    String stem = path.getFileName().toString().replace(".seg", "");
    Path copy = deadLetter.resolve(stem + ".seg");
    for (int number = 2; Files.exists(copy); ++number) {
      copy = deadLetter.resolve(stem + "-" + number + ".seg");
    }
    try {
      return Files.copy(path, copy, StandardCopyOption.COPY_ATTRIBUTES);
    } catch (IOException error) {
      throw new SpoolError(path + " is damaged and cannot be copied to " + copy + ": " + error, error);
    }
  }

  Segment create(Batch header, long firstSequence) throws IOException {
    Path path = directory.resolve(String.format("%016d.seg", nextNumber));
    Segment segment = Segment.create(path, header, firstSequence);
    ++nextNumber;
    synchronized (dirty) {
      newFiles = true;
    }
    return segment;
  }

  /** Was just written to. */
  void dirty(Segment segment) {
    if (segment == lastDirty) {
      return;
    }
    synchronized (dirty) {
      boolean first = dirty.isEmpty();
      dirty.add(segment);
      lastDirty = segment;
      if (first && !background.isShutdown()) {
        background.schedule(this::syncAndTell, SYNC_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }

  private void syncAndTell() {
    try {
      sync();
    } catch (SpoolError error) {
      tell.accept(error);
    }
  }

  /** Makes everything written survive a crash of the machine. */
  void sync() {
    List<Segment> work;
    boolean directoryToo;
    synchronized (dirty) {
      work = List.copyOf(dirty);
      dirty.clear();
      lastDirty = null;
      directoryToo = newFiles;
      newFiles = false;
    }
    try {
      for (Segment segment : work) {
        segment.sync();
      }
      if (directoryToo) {
        syncDirectory();
      }
    } catch (IOException error) {
      throw new SpoolError("spool in " + directory + " cannot be synced: " + error.getMessage(), error);
    }
  }

  private void syncDirectory() throws IOException {
    // Windows does not open directories, and does not need it.
    if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    // A directory can only be synced by a channel, and an interrupt of its thread would close that: another thread does it.
    AtomicReference<IOException> failure = new AtomicReference<>();
    CompletableFuture.runAsync(() -> failure.set(forceDirectory()), task -> new Thread(task, "openclone-sync-directory").start()).join();
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  private IOException forceDirectory() {
    try {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
      return null;
    } catch (IOException error) {
      return error;
    }
  }

  void delete(Segment segment) {
    synchronized (dirty) {
      dirty.remove(segment);
    }
    try {
      segment.delete();
    } catch (IOException error) {
      tell.accept(new SpoolError(segment.path + " cannot be deleted: " + error + "; its events will be sent again and skipped", error));
    }
  }

  void close(Collection<Segment> open) {
    background.shutdown();
    try {
      sync();
    } finally {
      for (Segment segment : open) {
        closeQuietly(segment);
      }
    }
  }

  private static void closeQuietly(Segment segment) {
    try {
      segment.close();
    } catch (IOException error) {
      System.getLogger("dev.openclone").log(System.Logger.Level.DEBUG, "segment was not closed: " + error);
    }
  }
}
