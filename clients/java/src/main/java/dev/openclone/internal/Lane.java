package dev.openclone.internal;

import dev.openclone.OpenCloneException;
import dev.openclone.RejectedEvent;
import dev.openclone.SourceType;
import dev.openclone.v1.Batch;
import java.nio.file.Path;
import java.util.function.Consumer;

/** The way of the events of one source type: codec, queue, and what empties it. Lanes share nothing. */
final class Lane {
  final SourceType sourceType;
  final SpoolFiles files;
  final Spool spool;
  final Sender sender;
  final EventCodec codec;

  Lane(
      Options options, SourceType sourceType, Batch header, StateDir state, Path directory, Consumer<OpenCloneException> tell,
      Consumer<RejectedEvent> tellRejected) {
    this.sourceType = sourceType;
    codec = new EventCodec(sourceType);
    Sender.Wake wake = new Sender.Wake();
    files = new SpoolFiles(directory, state.deadLetter(), tell);
    spool = new Spool(options, header, files, tell, wake);
    Outbox outbox = new Outbox(spool, new DeadLetter(state.deadLetter()), tellRejected, tell, options.clockRetry);
    sender = new Sender(options, wake, spool, outbox, tell);
    if (options.maxBatchAge == null) {
      spool.ageNanos = sender::maxAgeNanos;
    }
  }
}
