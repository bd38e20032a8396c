package dev.openclone.internal;

import dev.openclone.internal.Outbox.Failure;
import dev.openclone.v1.IngestResponse;
import dev.openclone.v1.IngestServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The gRPC stream: at most 32 batches without an answer, answers in order. One connection an attempt. */
final class GrpcTransport implements Sender.Route {
  private static final int WINDOW = 32;
  private static final Metadata.Key<String> KEY = Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);
  private static final MethodDescriptor<byte[], IngestResponse> INGEST =
      IngestServiceGrpc.getIngestMethod().toBuilder(Wire.BYTES, IngestServiceGrpc.getIngestMethod().getResponseMarshaller()).build();

  private final URI endpoint;
  private final String apiKey;
  private final long answerNanos;
  private final Runnable wake;
  /** How many more batches go one at a time, so that a stream that a batch ends tells which one. */
  private int careful;

  GrpcTransport(Options options, Runnable wake) {
    endpoint = URI.create(options.endpoint);
    apiKey = options.apiKey;
    answerNanos = options.answerTimeout.toNanos();
    this.wake = wake;
  }

  @Override
  public Failure run(Outbox outbox, QueuedBatch first, BooleanSupplier stopped) {
    ManagedChannel channel = channel();
    Stream stream = new Stream(outbox, channel.newCall(INGEST, CallOptions.DEFAULT));
    try {
      return stream.run(first, stopped);
    } finally {
      stream.abandon();
      channel.shutdownNow();
    }
  }

  private ManagedChannel channel() {
    boolean tls = endpoint.getScheme().equals("https");
    int port = endpoint.getPort() >= 0 ? endpoint.getPort() : tls ? 443 : 80;
    ChannelCredentials credentials = tls ? TlsChannelCredentials.create() : InsecureChannelCredentials.create();
    return Grpc.newChannelBuilderForAddress(endpoint.getHost(), port, credentials).directExecutor().disableRetry().build();
  }

  private record End(Status status, Metadata trailers) {}

  private record Sent(long sequence, QueuedBatch batch) {}

  /** One stream, looked after by the sender's thread; the listener only queues what comes and wakes it. */
  private final class Stream extends ClientCall.Listener<IngestResponse> {
    private final Outbox outbox;
    private final ClientCall<byte[], IngestResponse> call;
    private final ConcurrentLinkedQueue<IngestResponse> answers = new ConcurrentLinkedQueue<>();
    private final ArrayDeque<Sent> unanswered = new ArrayDeque<>();
    private volatile End end;
    private long sequence;
    private long lastMove = System.nanoTime();
    private Failure failure;

    Stream(Outbox outbox, ClientCall<byte[], IngestResponse> call) {
      this.outbox = outbox;
      this.call = call;
    }

    @Override
    public void onMessage(IngestResponse answer) {
      answers.add(answer);
      wake.run();
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end = new End(status, trailers);
      wake.run();
    }

    Failure run(QueuedBatch first, BooleanSupplier stopped) {
      send(first, true);
      while (true) {
        End ended = end;
        takeAnswers();
        if (failure != null && (unanswered.isEmpty() || failure.error() instanceof dev.openclone.OpenCloneException.AccessDenied)) {
          return failure;
        }
        if (ended != null) {
          return failure != null ? failure : ended(ended);
        }
        if (stopped.getAsBoolean()) {
          return null;
        }
        if (!sendNext() && !await()) {
          return Failure.unavailable("no answer to a batch within " + answerNanos / 1e9 + " s");
        }
      }
    }

    private void takeAnswers() {
      for (IngestResponse answer; (answer = answers.poll()) != null; ) {
        lastMove = System.nanoTime();
        Sent sent = unanswered.peek();
        if (sent == null || sent.sequence != answer.getSequence()) {
          failure = Failure.unavailable("the answers are not in the order of the batches");
          return;
        }
        careful = Math.max(0, careful - 1);
        unanswered.remove();
        Failure one = outbox.answered(sent.batch, GrpcAnswers.of(answer));
        failure = failure == null ? one : failure;
      }
    }

    private boolean sendNext() {
      if (failure != null || unanswered.size() >= (careful > 0 ? 1 : WINDOW)) {
        return false;
      }
      QueuedBatch next = outbox.next();
      if (next != null) {
        send(next, false);
      }
      return next != null;
    }

    private void send(QueuedBatch batch, boolean first) {
      if (unanswered.isEmpty()) {
        lastMove = System.nanoTime();
      }
      unanswered.add(new Sent(++sequence, batch));
      if (first) {
        Metadata headers = new Metadata();
        headers.put(KEY, apiKey);
        call.start(this, headers);
        call.request(Integer.MAX_VALUE);
      }
      call.sendMessage(Wire.request(sequence, batch, Instant.now()));
    }

    private boolean await() {
      long wait = failure == null && unanswered.size() < WINDOW ? outbox.nanosUntilNext() : Long.MAX_VALUE;
      if (!unanswered.isEmpty()) {
        long left = answerNanos - (System.nanoTime() - lastMove);
        if (left <= 0) {
          return false;
        }
        wait = careful > 0 ? left : Math.min(wait, left);
      }
      LockSupport.parkNanos(this, wait);
      return true;
    }

    private Failure ended(End ended) {
      Answer answer = GrpcAnswers.of(ended.status, ended.trailers);
      if (unanswered.isEmpty()) {
        // A server that stops, or an idle stream that somebody in between cut: nothing is lost.
        return answer instanceof Answer.Denied ? Outbox.failure(answer) : null;
      }
      if (!(answer instanceof Answer.Refused refused)) {
        return Outbox.failure(answer instanceof Answer.Denied ? answer : lost(answer));
      }
      if (unanswered.size() == 1) {
        return outbox.answered(unanswered.remove().batch, refused);
      }
      careful = WINDOW;
      return Failure.unavailable("the stream ended: " + refused.message());
    }

    private Answer lost(Answer answer) {
      Answer.Later later = (Answer.Later) answer;
      return new Answer.Later("the stream ended: " + later.message(), later.after());
    }

    private void abandon() {
      outbox.putBack(unanswered.stream().map(Sent::batch).toList());
      call.cancel("this attempt is over", null);
    }
  }
}
