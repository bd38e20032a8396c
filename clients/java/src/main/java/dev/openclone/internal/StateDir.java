package dev.openclone.internal;

import dev.openclone.OpenCloneException.SpoolError;
import dev.openclone.OpenCloneException.SpoolLocked;
import dev.openclone.SourceType;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;

/** The directory of one plugin: {@code spool/}, {@code dead-letter/}, {@code owners/}. One client at a time. */
final class StateDir implements AutoCloseable {
  private final Path path;
  private final Path owner;

  private StateDir(Path path, Path owner) {
    this.path = path;
    this.owner = owner;
  }

  /** Makes the directories and claims them for this client. Java has no {@code flock}: the owner's file is its lock. */
  static StateDir open(Path directory) {
    try {
      makeDirectory(directory);
      Path real = directory.toRealPath();
      makeDirectory(real.resolve("spool"));
      makeDirectory(real.resolve("dead-letter"));
      makeDirectory(real.resolve("owners"));
      Path owner = Owner.claim(real.resolve("owners"));
      if (owner == null) {
        throw locked(real);
      }
      return new StateDir(real, owner);
    } catch (IOException error) {
      throw new SpoolError("state directory " + directory + " cannot be used: " + error + "; see its permissions, or set another", error);
    }
  }

  private static SpoolLocked locked(Path directory) {
    return new SpoolLocked("state directory " + directory + " is in use by another client; close that one, or set another directory");
  }

  Path spool() {
    return path.resolve("spool");
  }

  Path deadLetter() {
    return path.resolve("dead-letter");
  }

  /** Where the queue of one of several source types is. Made if it is missing. */
  Path spoolOf(SourceType type) {
    Path directory = path.resolve("spool-" + type.wireName());
    try {
      makeDirectory(directory);
      return directory;
    } catch (IOException error) {
      throw new SpoolError(directory + " cannot be made: " + error, error);
    }
  }

  /** Source types that have a queue of their own, of whatever client. */
  List<SourceType> queues() {
    return Arrays.stream(SourceType.values()).filter(type -> Files.isDirectory(path.resolve("spool-" + type.wireName()))).toList();
  }

  /** Reads a file. By a stream: an interrupt of the calling thread closes channels, which {@link Files} uses. */
  static byte[] read(Path file) throws IOException {
    try (FileInputStream in = new FileInputStream(file.toFile())) {
      return in.readAllBytes();
    } catch (FileNotFoundException error) {
      throw Files.exists(file) ? error : new NoSuchFileException(file.toString());
    }
  }

  /** Writes a file that is there, and syncs it. */
  static void writeSynced(Path file, byte[] bytes) throws IOException {
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(bytes);
      out.getFD().sync();
    }
  }

  /** Writes a file that is there either whole or not at all. */
  static void writeWhole(Path file, byte[] bytes) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.deleteIfExists(part);
    createPrivate(part);
    writeSynced(part, bytes);
    try {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException error) {
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Makes a file that only its owner can read. */
  static void createPrivate(Path file) throws IOException {
    Files.createFile(file, permissions(file, "rw-------"));
  }

  static void makeDirectory(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Files.createDirectories(directory.toAbsolutePath(), permissions(directory, "rwx------"));
  }

  private static FileAttribute<?>[] permissions(Path path, String mode) {
    boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
    return posix ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))} : new FileAttribute<?>[0];
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(owner);
    } catch (IOException error) {
      throw new SpoolError(owner + " cannot be deleted: " + error, error);
    }
  }
}
