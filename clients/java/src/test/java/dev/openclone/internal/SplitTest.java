package dev.openclone.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.openclone.internal.Response.Violation;
import dev.openclone.internal.Response.Invalid;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SplitTest {
  private static List<String> refs(QueuedBatch batch) throws Exception {
    List<String> refs = new ArrayList<>();
    for (int index = 0; index < batch.count(); ++index) {
      refs.add(batch.event(index).getRawRef());
    }
    return refs;
  }

  @Test
  void namedEventsAreSetAsideAndTheOthersGoOn() throws Exception {
    Invalid invalid =
        new Invalid(List.of(new Violation("events[1].raw_ref", "too late"), new Violation("events[1].data", "too deep"), new Violation("events[3]", "odd")), "bad");
    Split split = Split.of(Samples.batch(5), invalid);
    assertEquals(Map.of(1, List.of("events[0].raw_ref: too late", "events[0].data: too deep"), 3, List.of("events[0]: odd")), split.aside());
    assertEquals(1, split.again().size());
    assertEquals(List.of("e0", "e2", "e4"), refs(split.again().get(0)));
  }

  @Test
  void allNamedLeavesNothing() {
    Split split = Split.of(Samples.batch(1), new Invalid(List.of(new Violation("events[0].data", "bad")), "bad"));
    assertEquals(Set.of(0), split.aside().keySet());
    assertTrue(split.again().isEmpty());
  }

  @Test
  void aPlaceThatTheBatchDoesNotHaveNamesNoEvent() {
    Split split = Split.of(Samples.batch(2), new Invalid(List.of(new Violation("events[2].data", "bad"), new Violation("events[x]", "bad")), "bad"));
    assertEquals(2, split.again().size());
  }

  @Test
  void aWrongClockKeepsTheBatch() throws Exception {
    Invalid invalid = new Invalid(List.of(new Violation("timestamp", "in the future"), new Violation("events[0].timestamp", "in the future")), "bad");
    Split split = Split.of(Samples.batch(2), invalid);
    assertTrue(split.aside().isEmpty() && split.again().isEmpty());
    assertEquals(List.of("e0", "e1"), refs(split.parked()));
  }

  @Test
  void anEventAheadWaitsAndTheOthersGoOn() throws Exception {
    Invalid invalid = new Invalid(List.of(new Violation("events[1].timestamp", "ahead"), new Violation("events[2].data", "bad")), "bad");
    Split split = Split.of(Samples.batch(3), invalid);
    assertTrue(split.aside().isEmpty());
    assertEquals(List.of("e1"), refs(split.parked()));
    assertEquals(List.of("e0", "e2"), refs(split.again().get(0)));
  }

  @Test
  void halvingFindsTheOnlyBadEventWhateverItsPlace() throws Exception {
    for (int size = 1; size <= 33; ++size) {
      for (int bad = 0; bad < size; ++bad) {
        findsOnly("e" + bad, Samples.batch(size));
      }
    }
  }

  private static void findsOnly(String bad, QueuedBatch batch) throws Exception {
    ArrayDeque<QueuedBatch> queue = new ArrayDeque<>(List.of(batch));
    List<String> stored = new ArrayList<>();
    List<String> aside = new ArrayList<>();
    while (!queue.isEmpty()) {
      QueuedBatch next = queue.poll();
      if (!refs(next).contains(bad)) {
        stored.addAll(refs(next));
        continue;
      }
      Split split = Split.of(next, new Invalid(List.of(), "no names"));
      split.aside().keySet().forEach(place -> aside.add(ref(next, place)));
      queue.addAll(split.again());
    }
    assertEquals(List.of(bad), aside);
    assertEquals(batch.count() - 1, stored.size());
  }

  private static String ref(QueuedBatch batch, int place) {
    try {
      return batch.event(place).getRawRef();
    } catch (com.google.protobuf.InvalidProtocolBufferException error) {
      throw new AssertionError(error);
    }
  }
}
