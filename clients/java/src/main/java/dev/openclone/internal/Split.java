package dev.openclone.internal;

import dev.openclone.internal.Response.Violation;
import dev.openclone.internal.Response.Invalid;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What becomes of a rejected batch.
 *
 * @param parked what is kept because the service finds it ahead of its clock; null if nothing is
 * @param aside events to set aside, by place, with what is wrong with each
 * @param again parts to be sent again
 */
record Split(QueuedBatch parked, Map<Integer, List<String>> aside, List<QueuedBatch> again) {

  static Split of(QueuedBatch batch, Invalid invalid) {
    if (invalid.violations().stream().anyMatch(Violation::isClock)) {
      return new Split(batch, Map.of(), List.of());
    }
    BitSet ahead = new BitSet();
    invalid.violations().stream().filter(Violation::isAhead).map(Violation::event).filter(event -> event < batch.count()).forEach(ahead::set);
    if (!ahead.isEmpty()) {
      BitSet rest = new BitSet();
      rest.set(0, batch.count());
      rest.andNot(ahead);
      return new Split(batch.only(ahead), Map.of(), rest.isEmpty() ? List.of() : List.of(batch.only(rest)));
    }
    Map<Integer, List<String>> named = new TreeMap<>();
    for (Violation error : invalid.violations()) {
      if (error.event() >= 0 && error.event() < batch.count()) {
        named.computeIfAbsent(error.event(), place -> new ArrayList<>()).add(error.alone());
      }
    }
    if (!named.isEmpty()) {
      return new Split(null, named, without(batch, named));
    }
    return batch.count() == 1 ? new Split(null, Map.of(0, unnamed(invalid)), List.of()) : new Split(null, Map.of(), halves(batch));
  }

  static List<QueuedBatch> halves(QueuedBatch batch) {
    int middle = batch.count() / 2;
    return List.of(batch.part(0, middle), batch.part(middle, batch.count()));
  }

  private static List<QueuedBatch> without(QueuedBatch batch, Map<Integer, List<String>> named) {
    BitSet rest = new BitSet();
    rest.set(0, batch.count());
    named.keySet().forEach(rest::clear);
    return rest.isEmpty() ? List.of() : List.of(batch.only(rest));
  }

  private static List<String> unnamed(Invalid invalid) {
    List<String> violations = new ArrayList<>(invalid.violations().stream().map(Violation::alone).toList());
    if (violations.isEmpty()) {
      violations.add(invalid.message());
    }
    return violations;
  }
}
