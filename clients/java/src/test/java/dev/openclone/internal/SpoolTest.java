package dev.openclone.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.openclone.OnFull;
import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.Closed;
import dev.openclone.OpenCloneException.Damaged;
import dev.openclone.OpenCloneException.Dropped;
import dev.openclone.OpenCloneException.SpoolFull;
import dev.openclone.OpenCloneException.InvalidOptions;
import dev.openclone.OpenCloneException.SpoolLocked;
import dev.openclone.Stats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SpoolTest {
  @TempDir Path directory;
  private final List<OpenCloneException> reported = new ArrayList<>();
  private Options options;
  private StateDir state;
  private SpoolFiles files;
  private Spool spool;

  @BeforeEach
  void options() {
    options = Samples.options(directory);
    options.maxBatchEvents = 10;
  }

  @AfterEach
  void close() {
    if (spool != null) {
      spool.close();
      state.close();
    }
  }

  private void open() {
    close();
    state = StateDir.open(directory);
    files = new SpoolFiles(state, reported::add);
    spool = new Spool(options, Samples.HEADER, files, reported::add, () -> {});
  }

  private void append(int from, int to) {
    for (int index = from; index < to; ++index) {
      spool.append(Samples.frame(Samples.thought("e" + index)));
    }
  }

  private List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("spool"))) {
      return files.sorted().toList();
    }
  }

  private List<String> takeAll() throws Exception {
    List<String> refs = new ArrayList<>();
    for (QueuedBatch batch; (batch = spool.take(options.maxBatchEvents)) != null; ) {
      for (int index = 0; index < batch.count(); ++index) {
        refs.add(batch.event(index).getRawRef());
      }
      spool.resolve(batch, batch.count(), batch.count(), 0);
    }
    return refs;
  }

  private static List<String> refs(int from, int to) {
    return java.util.stream.IntStream.range(from, to).mapToObj(index -> "e" + index).toList();
  }

  @Test
  void fullBatchesAreDueAtOnceAndTheRestWhenFlushed() throws Exception {
    open();
    append(0, 25);
    assertEquals(refs(0, 20), takeAll());
    assertEquals(new Stats(5, 20, 0, 0, 0, Files.size(segments().get(0))), spool.stats());
    long left = spool.nanosUntilDue();
    assertTrue(left > TimeUnit.MINUTES.toNanos(59) && left <= TimeUnit.HOURS.toNanos(1), "due in " + left);
    long before = spool.requestFlush();
    assertFalse(spool.awaitResolved(before, 0));
    assertEquals(refs(20, 25), takeAll());
    assertTrue(spool.awaitResolved(before, 0));
    assertEquals(List.of(), segments());
    assertEquals(new Stats(0, 25, 0, 0, 0, 0), spool.stats());
  }

  @Test
  void anOldEventIsDue() throws Exception {
    options.maxBatchAge = Duration.ofNanos(1);
    open();
    append(0, 3);
    assertEquals(refs(0, 3), takeAll());
  }

  @Test
  void whatIsNotSettledIsThereAfterAReopening() throws Exception {
    open();
    append(0, 15);
    QueuedBatch unacknowledged = spool.take(options.maxBatchEvents);
    assertEquals(10, unacknowledged.count());
    open();
    append(15, 18);
    assertEquals(2, segments().size());
    assertEquals(refs(0, 15), takeAll());
    spool.requestFlush();
    assertEquals(refs(15, 18), takeAll());
  }

  @Test
  void aSegmentIsKeptUntilThePartsOfItsBatchAreDone() throws Exception {
    open();
    append(0, 10);
    QueuedBatch batch = spool.take(options.maxBatchEvents);
    List<QueuedBatch> halves = Split.halves(batch);
    spool.replace(batch, halves);
    assertTrue(spool.resume(halves.get(0)));
    spool.resolve(halves.get(0), 5, 5, 0);
    assertEquals(1, segments().size());
    assertTrue(spool.resume(halves.get(1)));
    spool.setAside(halves.get(1), 1);
    spool.resolve(halves.get(1), 4, 4, 0);
    assertEquals(new Stats(0, 9, 0, 1, 0, 0), spool.stats());
    assertEquals(List.of(), segments());
  }

  @Test
  void aFullSpoolRejects() throws Exception {
    options.spoolMaxBytes = 2000;
    open();
    assertThrows(SpoolFull.class, () -> append(0, 1000));
    assertTrue(spool.stats().spoolBytes() <= 2000);
    long queued = spool.stats().queued();
    spool.requestFlush();
    assertEquals(refs(0, (int) queued), takeAll());
    append(0, 5);
  }

  @Test
  void aFullSpoolBlocksUntilThereIsRoom() throws Exception {
    options.spoolMaxBytes = 2000;
    options.onFull = OnFull.BLOCK;
    options.blockTimeout = Duration.ofMillis(50);
    open();
    assertThrows(SpoolFull.class, () -> append(0, 1000));
    int queued = (int) spool.stats().queued();
    options.blockTimeout = Duration.ofSeconds(50);
    Thread writer = new Thread(() -> append(queued, queued + 100));
    writer.start();
    List<String> taken = new ArrayList<>();
    while (writer.isAlive() || spool.stats().queued() > 0) {
      spool.requestFlush();
      taken.addAll(takeAll());
    }
    assertEquals(refs(0, queued + 100), taken);
  }

  @Test
  void aFullSpoolDropsItsOldestSegmentThatIsNotBeingSent() throws Exception {
    options.spoolMaxBytes = 4000;
    options.onFull = OnFull.DROP_OLDEST;
    open();
    append(0, 10);
    QueuedBatch sending = spool.take(options.maxBatchEvents);
    append(10, 100);
    Stats stats = spool.stats();
    assertTrue(stats.dropped() > 0 && stats.spoolBytes() <= 4000, stats.toString());
    assertEquals(100, stats.queued() + stats.dropped());
    assertInstanceOf(Dropped.class, reported.get(0));
    assertEquals(refs(0, 10).size(), sending.count());
    spool.resolve(sending, 10, 10, 0);
    spool.requestFlush();
    List<String> rest = takeAll();
    assertEquals(90 - stats.dropped(), rest.size());
    assertEquals("e99", rest.get(rest.size() - 1));
  }

  @Test
  void aDroppedSegmentIsNotSentAgain() throws Exception {
    options.spoolMaxBytes = 4000;
    options.onFull = OnFull.DROP_OLDEST;
    open();
    append(0, 10);
    QueuedBatch lost = spool.take(options.maxBatchEvents);
    spool.pause(lost);
    append(10, 100);
    assertFalse(spool.resume(lost));
  }

  @Test
  void damageIsCopiedToldAndEndsTheSegment() throws Exception {
    open();
    append(0, 20);
    Path segment = segments().get(0);
    close();
    spool = null;
    byte[] bytes = Files.readAllBytes(segment);
    bytes[bytes.length / 2] ^= 1;
    Files.write(segment, bytes);
    open();
    assertInstanceOf(Damaged.class, reported.get(0));
    assertEquals(1, reported.size());
    assertTrue(Files.exists(directory.resolve("dead-letter").resolve(segment.getFileName())));
    int sound = (int) spool.stats().queued();
    assertTrue(sound > 5 && sound < 15, "sound: " + sound);
    assertEquals(refs(0, sound), takeAll());
    assertEquals(List.of(), segments());
    Files.write(segment, bytes);
    open();
    assertTrue(Files.exists(directory.resolve("dead-letter").resolve("0000000000000001-2.seg")), "a second copy beside the first");
  }

  @Test
  void damageWhileItRunsIsToldAndTheOthersGoOn() throws Exception {
    open();
    append(0, 10);
    byte[] bytes = Files.readAllBytes(segments().get(0));
    bytes[bytes.length / 2] ^= 1;
    Files.write(segments().get(0), bytes);
    spool.requestFlush();
    List<String> taken = takeAll();
    assertTrue(taken.size() > 2 && taken.size() < 8, taken.toString());
    assertNull(spool.take(options.maxBatchEvents));
    assertInstanceOf(Damaged.class, reported.get(0));
    assertEquals(10 - taken.size(), spool.stats().dropped());
    append(10, 20);
    assertEquals(refs(10, 20), takeAll());
    assertEquals(0, spool.stats().queued());
  }

  @Test
  void aTornTailIsForgotten() throws Exception {
    open();
    append(0, 3);
    Path segment = segments().get(0);
    close();
    spool = null;
    byte[] bytes = Files.readAllBytes(segment);
    Files.write(segment, java.util.Arrays.copyOf(bytes, bytes.length - 1));
    open();
    assertEquals(List.of(), reported);
    assertEquals(refs(0, 2), takeAll());
  }

  @Test
  void oneClientHasTheDirectory() {
    open();
    assertThrows(SpoolLocked.class, () -> StateDir.open(directory));
    assertThrows(SpoolLocked.class, () -> StateDir.open(directory));
    state.close();
    StateDir again = StateDir.open(directory);
    again.close();
  }

  @Test
  void thereIsOneDeviceForAllPluginsAndAPauseIsObeyed() throws Exception {
    Path home = directory.resolve("shared");
    String id = Shared.deviceId(home);
    assertEquals(id, Shared.deviceId(home));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("device-id"))));
    // Left by a program that died before it wrote.
    Files.writeString(home.resolve("device-id"), "");
    assertEquals(36, Shared.deviceId(home).length());
    Files.writeString(home.resolve("device-id"), "nonsense");
    assertThrows(InvalidOptions.class, () -> Shared.deviceId(home));
    assertFalse(Shared.isPaused(home, 1.8e9));
    Map<String, Boolean> texts = Map.of("", true, "1800000060", true, "1799999999\n", false, "?", true);
    for (Map.Entry<String, Boolean> text : texts.entrySet()) {
      Files.writeString(home.resolve("pause"), text.getKey());
      assertEquals(text.getValue(), Shared.isPaused(home, 1.8e9), text.getKey());
    }
  }

  @Test
  void filesAreTheOwnersAlone() throws Exception {
    Path fresh = directory.resolve("fresh");
    options.stateDir = fresh;
    try (StateDir made = StateDir.open(fresh)) {
      try (Stream<Path> all = Files.walk(fresh)) {
        for (Path path : all.toList()) {
          String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
          assertEquals(Files.isDirectory(path) ? "rwx------" : "rw-------", mode, path.toString());
        }
      }
    }
  }

  @Test
  void anInterruptedThreadStillAppends() {
    open();
    Thread.currentThread().interrupt();
    append(0, 1);
    assertTrue(Thread.interrupted());
    append(1, 2);
    assertEquals(2, spool.stats().queued());
  }

  @Test
  void anInterruptedThreadStillSyncsAndReads() throws Exception {
    open();
    Path home = directory.resolve("shared");
    String id = Shared.deviceId(home);
    append(0, 1);
    Thread.currentThread().interrupt();
    files.sync();
    assertEquals(id, Shared.deviceId(home));
    assertFalse(Shared.isPaused(home, 1.8e9));
    assertThrows(SpoolLocked.class, () -> StateDir.open(directory));
    assertTrue(Thread.interrupted());
  }

  @Test
  void nothingIsTakenAfterTheEnd() {
    open();
    spool.refuse();
    assertThrows(Closed.class, () -> append(0, 1));
  }
}
