import dev.openclone.Event;
import dev.openclone.OpenClone;
import java.util.List;

/** {{name}}: sends {{source_type}} events to OpenClone. */
public final class Plugin {
  /** The exit status of a plugin that is off: it is not started again. */
  private static final int NOT_ENABLED = 3;

  private Plugin() {}

  /** Replace this by what your plugin captures. An event may also have the typed payload of the source type. */
  static List<Event> capture() {
    return List.of(Event.json("""
        {{data}}""").rawRef("hello-1"));
  }

  /** Captures once, unless the user has paused. */
  static void runOnce(OpenClone client) {
    if (!client.isPaused()) {
      capture().forEach(client::send);
    }
  }

  /** Runs until a signal ends it, which also closes the client. */
  public static void main(String[] arguments) throws InterruptedException {
    OpenClone client = OpenClone.fromManifest(null).build();
    if (!client.isEnabled()) {
      System.err.println(client.whyDisabled());
      System.exit(NOT_ENABLED);
    }
    long interval = (Long) client.config().get("interval");
    while (true) {
      runOnce(client);
      Thread.sleep(interval * 1000);
    }
  }
}
