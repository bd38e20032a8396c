package dev.openclone.internal;

import dev.openclone.OpenCloneException;
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

/** The gRPC stream: at most 32 batches without a response, responses in order. One connection an attempt. */
final class GrpcTransport implements Sender.Route {
  private static final int WINDOW = 32;
  static final Metadata.Key<String> KEY = Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);
  private static final MethodDescriptor<byte[], IngestResponse> INGEST =
      IngestServiceGrpc.getIngestMethod().toBuilder(Wire.BYTES, IngestServiceGrpc.getIngestMethod().getResponseMarshaller()).build();

  private final URI endpoint;
  private final Key key;
  private final long responseNanos;
  private final int maxBatchEvents;
  private final Runnable wake;
  /** How many more batches go one at a time, so that a stream that a batch ends tells which one. */
  private int careful;

  GrpcTransport(Options options, Runnable wake) {
    endpoint = URI.create(options.endpoint);
    key = options.key;
    responseNanos = options.responseTimeout.toNanos();
    maxBatchEvents = options.maxBatchEvents;
    this.wake = wake;
  }

  @Override
  public Failure run(Outbox outbox, QueuedBatch first, BooleanSupplier stopped) {
    String presented;
    try {
      presented = key.get();
    } catch (OpenCloneException error) {
      outbox.putBack(List.of(first));
      return Failure.unavailable(error.getMessage());
    }
    ManagedChannel channel = channel(endpoint);
    Stream stream = new Stream(outbox, presented, channel.newCall(INGEST, CallOptions.DEFAULT));
    try {
      return stream.run(first, stopped);
    } finally {
      stream.abandon();
      channel.shutdownNow();
    }
  }

  /** A connection of its own. */
  static ManagedChannel channel(URI endpoint) {
    boolean tls = endpoint.getScheme().equals("https");
    int port = endpoint.getPort() >= 0 ? endpoint.getPort() : tls ? 443 : 80;
    ChannelCredentials credentials = tls ? TlsChannelCredentials.create() : InsecureChannelCredentials.create();
    return Grpc.newChannelBuilderForAddress(endpoint.getHost(), port, credentials).directExecutor().disableRetry().userAgent(Options.USER_AGENT).build();
  }

  private record End(Status status, Metadata trailers) {}

  private record Sent(long sequence, QueuedBatch batch) {}

  /** One stream, looked after by the sender's thread; the listener only queues what comes and wakes it. */
  private final class Stream extends ClientCall.Listener<IngestResponse> {
    private final Outbox outbox;
    private final String presented;
    private final ClientCall<byte[], IngestResponse> call;
    private final ConcurrentLinkedQueue<IngestResponse> responses = new ConcurrentLinkedQueue<>();
    private final ArrayDeque<Sent> unacknowledged = new ArrayDeque<>();
    private volatile End end;
    private long sequence;
    private long lastMove = System.nanoTime();
    private Failure failure;

    Stream(Outbox outbox, String presented, ClientCall<byte[], IngestResponse> call) {
      this.presented = presented;
      this.outbox = outbox;
      this.call = call;
    }

    @Override
    public void onMessage(IngestResponse response) {
      responses.add(response);
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
        takeResponses();
        if (failure != null && (unacknowledged.isEmpty() || failure.error() instanceof OpenCloneException.AccessDenied)) {
          return failure;
        }
        if (ended != null) {
          return failure != null ? failure : ended(ended);
        }
        if (stopped.getAsBoolean()) {
          return null;
        }
        if (!sendNext() && !await()) {
          return Failure.unavailable("no response to a batch within " + responseNanos / 1e9 + " s");
        }
      }
    }

    private void takeResponses() {
      for (IngestResponse response; (response = responses.poll()) != null; ) {
        lastMove = System.nanoTime();
        Sent sent = unacknowledged.peek();
        if (sent == null || sent.sequence != response.getSequence()) {
          failure = Failure.unavailable("the responses are not in the order of the batches");
          return;
        }
        careful = Math.max(0, careful - 1);
        unacknowledged.remove();
        Failure one = outbox.acknowledged(sent.batch, GrpcResponses.of(response));
        failure = failure == null ? one : failure;
      }
    }

    private boolean sendNext() {
      if (failure != null || unacknowledged.size() >= (careful > 0 ? 1 : WINDOW)) {
        return false;
      }
      QueuedBatch next = outbox.next(maxBatchEvents);
      if (next != null) {
        send(next, false);
      }
      return next != null;
    }

    private void send(QueuedBatch batch, boolean first) {
      if (unacknowledged.isEmpty()) {
        lastMove = System.nanoTime();
      }
      unacknowledged.add(new Sent(++sequence, batch));
      if (first) {
        Metadata headers = new Metadata();
        headers.put(KEY, presented);
        call.start(this, headers);
        call.request(Integer.MAX_VALUE);
      }
      call.sendMessage(Wire.request(sequence, batch, Instant.now()));
    }

    private boolean await() {
      long wait = failure == null && unacknowledged.size() < WINDOW ? outbox.nanosUntilNext() : Long.MAX_VALUE;
      if (!unacknowledged.isEmpty()) {
        long left = responseNanos - (System.nanoTime() - lastMove);
        if (left <= 0) {
          return false;
        }
        wait = careful > 0 ? left : Math.min(wait, left);
      }
      LockSupport.parkNanos(this, wait);
      return true;
    }

    private Failure ended(End ended) {
      Response response = GrpcResponses.of(ended.status, ended.trailers);
      if (unacknowledged.isEmpty()) {
        // A server that stops, or an idle stream that somebody in between cut: nothing is lost.
        return response instanceof Response.Denied ? Outbox.failure(response) : null;
      }
      if (!(response instanceof Response.Invalid invalid)) {
        return Outbox.failure(response instanceof Response.Denied ? response : lost(response));
      }
      if (unacknowledged.size() == 1) {
        return outbox.acknowledged(unacknowledged.remove().batch, invalid);
      }
      careful = WINDOW;
      return Failure.unavailable("the stream ended: " + invalid.message());
    }

    private Response lost(Response response) {
      Response.Later later = (Response.Later) response;
      return new Response.Later("the stream ended: " + later.message(), later.after(), later.hint());
    }

    private void abandon() {
      outbox.putBack(unacknowledged.stream().map(Sent::batch).toList());
      call.cancel("this attempt is over", null);
    }
  }
}
