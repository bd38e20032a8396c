package dev.openclone.internal;

import dev.openclone.Event;
import dev.openclone.OnFull;
import dev.openclone.SourceType;
import dev.openclone.v1.Batch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** What several tests need. */
final class Samples {
  static final String KEY = "oc_test_key_never_shown";
  static final Batch HEADER =
      Batch.newBuilder()
          .setSourceTypeValue(15)
          .setPlatformValue(3)
          .setDeviceId("550e8400-e29b-41d4-a716-446655440000")
          .setPluginId("my-plugin")
          .setPluginVersion("1.0.0")
          .build();

  /** What plugins share, away from the home of whoever runs the tests. */
  static final Path SHARED = temporary();

  private Samples() {}

  private static Path temporary() {
    try {
      Path made = Files.createTempDirectory("openclone-test-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(made)));
      return made;
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  static Options options(Path state) {
    return options(state, Map.of());
  }

  static Options options(Path state, Map<String, String> environment) {
    UnaryOperator<String> lookup = name -> name.equals("XDG_STATE_HOME") ? SHARED.toString() : environment.get(name);
    Options options = new Options(lookup);
    // Nobody listens there.
    options.endpoint = "http://127.0.0.1:1";
    options.apiKey = KEY;
    options.pluginId = "my-plugin";
    options.pluginVersion = "1.0.0";
    options.sourceType = SourceType.BRAINDUMP;
    options.stateDir = state;
    options.onFull = OnFull.REJECT;
    options.maxBatchAge = Duration.ofHours(1);
    return options;
  }

  static Event thought(String ref) {
    return Event.braindump(thought -> thought.setText("text of " + ref)).rawRef(ref);
  }

  static byte[] frame(Event event) {
    return new EventCodec(SourceType.BRAINDUMP).encode(event);
  }

  static dev.openclone.v1.Event decoded(byte[] frame) throws Exception {
    return EventCodec.parse(frame, Frame.HEAD, frame.length - Frame.HEAD);
  }

  /** A batch of so many events, {@code e0} and on. */
  static QueuedBatch batch(int count) {
    QueuedBatch batch = new QueuedBatch(null, 0, count);
    for (int index = 0; index < count; ++index) {
      byte[] frame = frame(thought("e" + index));
      batch.add(frame, Frame.HEAD, frame.length - Frame.HEAD);
    }
    return batch;
  }
}
