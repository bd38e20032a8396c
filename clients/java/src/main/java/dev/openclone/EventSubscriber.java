package dev.openclone;

import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Sends what a publisher publishes, one after the other. */
final class EventSubscriber implements Flow.Subscriber<Event> {
  private final OpenClone client;
  private final Consumer<? super Throwable> onFailure;
  private Flow.Subscription subscription;

  EventSubscriber(OpenClone client, Consumer<? super Throwable> onFailure) {
    this.client = client;
    this.onFailure = onFailure;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    if (subscription != null) {
      given.cancel();
      return;
    }
    subscription = given;
    given.request(1);
  }

  @Override
  public void onNext(Event event) {
    try {
      client.send(event);
      subscription.request(1);
    } catch (OpenCloneException error) {
      subscription.cancel();
      onFailure.accept(error);
    }
  }

  @Override
  public void onError(Throwable error) {
    onFailure.accept(error);
  }

  @Override
  public void onComplete() {
    // What was sent is queued; the client goes on by itself.
  }
}
