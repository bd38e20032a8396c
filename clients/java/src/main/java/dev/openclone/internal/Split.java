package dev.openclone.internal;

import dev.openclone.internal.Answer.Fault;
import dev.openclone.internal.Answer.Refused;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What becomes of a refused batch.
 *
 * @param clock the batch is kept: the clock of this machine is wrong
 * @param aside events to set aside, by place, with what is wrong with each
 * @param again parts to be sent again
 */
record Split(boolean clock, Map<Integer, List<String>> aside, List<QueuedBatch> again) {

  static Split of(QueuedBatch batch, Refused refused) {
    if (refused.faults().stream().anyMatch(Fault::isClock)) {
      return new Split(true, Map.of(), List.of(batch));
    }
    Map<Integer, List<String>> named = new TreeMap<>();
    for (Fault fault : refused.faults()) {
      if (fault.event() >= 0 && fault.event() < batch.count()) {
        named.computeIfAbsent(fault.event(), place -> new ArrayList<>()).add(fault.alone());
      }
    }
    if (!named.isEmpty()) {
      return new Split(false, named, without(batch, named));
    }
    return batch.count() == 1 ? new Split(false, Map.of(0, unnamed(refused)), List.of()) : new Split(false, Map.of(), halves(batch));
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

  private static List<String> unnamed(Refused refused) {
    List<String> faults = new ArrayList<>(refused.faults().stream().map(Fault::alone).toList());
    if (faults.isEmpty()) {
      faults.add(refused.message());
    }
    return faults;
  }
}
