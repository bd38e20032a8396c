package dev.openclone.internal;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.openclone.MemoryService;
import dev.openclone.OpenCloneException;
import dev.openclone.internal.Outbox.Failure;
import dev.openclone.v1.Event;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/** The JSON endpoint: one request after the other over HTTP/1.1. */
final class JsonTransport implements Sender.Route {
  static final int MAX_BODY = 1 << 20;

  private final URI url;
  private final Key key;
  private final MemoryService memory;
  private final Duration responseTimeout;
  private final Runnable wake;
  private final BooleanSupplier over;
  private final IntSupplier maxEvents;
  private HttpClient http;
  private boolean reached;

  /**
   * Makes one that connects when it is first used.
   *
   * @param maxEvents events in a batch, at most
   * @param over whether it is time for another route
   */
  JsonTransport(Options options, Runnable wake, IntSupplier maxEvents, BooleanSupplier over) {
    url = URI.create(options.endpoint + "/api/v1/ingest");
    key = options.key;
    memory = options.memory;
    responseTimeout = options.responseTimeout;
    this.wake = wake;
    this.over = over;
    this.maxEvents = maxEvents;
  }

  /** Whether the last attempt got any response that can be the service's. */
  boolean reached() {
    return reached;
  }

  @Override
  public Failure run(Outbox outbox, QueuedBatch first, BooleanSupplier stopped) {
    reached = false;
    QueuedBatch batch = first;
    while (true) {
      Failure failure = batch == null ? null : send(outbox, batch, stopped);
      if (failure != null || stopped.getAsBoolean() || over.getAsBoolean()) {
        return failure;
      }
      batch = outbox.next(maxEvents.getAsInt());
      if (batch == null) {
        LockSupport.parkNanos(this, outbox.nanosUntilNext());
      }
    }
  }

  private Failure send(Outbox outbox, QueuedBatch batch, BooleanSupplier stopped) {
    byte[] body = body(batch);
    if (body.length > MAX_BODY && batch.count() > 1) {
      outbox.replace(batch, Split.halves(batch));
      return null;
    }
    if (memory != null) {
      return inMemory(outbox, batch, body);
    }
    HttpRequest request;
    try {
      request = request(body);
    } catch (OpenCloneException error) {
      outbox.putBack(List.of(batch));
      return Failure.unavailable(error.getMessage());
    }
    CompletableFuture<HttpResponse<String>> future = client().sendAsync(request, HttpResponse.BodyHandlers.ofString());
    future.whenComplete((response, error) -> wake.run());
    while (!future.isDone() && !stopped.getAsBoolean()) {
      LockSupport.park(this);
    }
    if (!future.isDone()) {
      future.cancel(true);
      outbox.putBack(List.of(batch));
      return null;
    }
    return acknowledged(outbox, batch, future);
  }

  private Failure acknowledged(Outbox outbox, QueuedBatch batch, CompletableFuture<HttpResponse<String>> future) {
    try {
      HttpResponse<String> response = future.join();
      reached |= response.statusCode() < 502 || response.statusCode() > 504;
      return outbox.acknowledged(batch, JsonResponses.of(response, batch.count()));
    } catch (CompletionException error) {
      outbox.putBack(List.of(batch));
      return Failure.unavailable("no response from " + url + ": " + error.getCause());
    }
  }

  private Failure inMemory(Outbox outbox, QueuedBatch batch, byte[] body) {
    String response = memory.post(body);
    if (response == null) {
      outbox.putBack(List.of(batch));
      return Failure.unavailable("the service in memory is away");
    }
    reached = true;
    int status = Integer.parseInt(response.substring(0, 3));
    return outbox.acknowledged(batch, JsonResponses.of(status, response.substring(4), Duration.ZERO, batch.count()));
  }

  private byte[] body(QueuedBatch batch) {
    List<Event> events = new ArrayList<>(batch.count());
    try {
      for (int index = 0; index < batch.count(); ++index) {
        events.add(batch.event(index));
      }
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException("event with a good checksum cannot be decoded", error);
    }
    return JsonForm.ofBatch(batch.segment.header, events);
  }

  private HttpRequest request(byte[] body) {
    return HttpRequest.newBuilder(url)
        .timeout(responseTimeout)
        .header("content-type", "application/json")
        .header("x-api-key", key.get())
        .header("user-agent", Options.USER_AGENT)
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
        .build();
  }

  private HttpClient client() {
    if (http == null) {
      // Redirects are not followed: the key is for this server.
      http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(responseTimeout).followRedirects(HttpClient.Redirect.NEVER).build();
    }
    return http;
  }
}
