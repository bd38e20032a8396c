package dev.openclone.internal;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonParseException;
import dev.openclone.Manifest;
import dev.openclone.OpenCloneException.InvalidOptions;
import dev.openclone.OpenCloneException.SpoolError;
import dev.openclone.Sensitivity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * What all plugins of a user have in common: the id of the device, consent and pause, in {@code $XDG_STATE_HOME/openclone}; by default {@code
 * ~/.local/state/openclone}, on macOS {@code ~/Library/Application Support/openclone}, on Windows {@code %LOCALAPPDATA%\openclone}.
 */
final class Shared {
  /** After how long an empty file counts as that of a program that died before it wrote. */
  private static final long EMPTY_NANOS = 1_000_000_000;
  private static final Pattern DEVICE =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|test-[a-z0-9-]{1,59}");

  private Shared() {}

  static Path home(UnaryOperator<String> environment) {
    String state = environment.apply("XDG_STATE_HOME");
    if (state != null && !state.isEmpty()) {
      return Path.of(state, "openclone");
    }
    String home = System.getProperty("user.home");
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (system.contains("mac")) {
      return Path.of(home, "Library", "Application Support", "openclone");
    }
    if (system.contains("win")) {
      String local = environment.apply("LOCALAPPDATA");
      return local != null && !local.isEmpty() ? Path.of(local, "openclone") : Path.of(home, "AppData", "Local", "openclone");
    }
    return Path.of(home, ".local", "state", "openclone");
  }

  /** The id kept in the directory; the first program that asks makes it. */
  static String deviceId(Path directory) {
    Path file = directory.resolve("device-id");
    try {
      StateDir.makeDirectory(directory);
      for (long start = System.nanoTime(); ; pause()) {
        String id = readOrMake(file);
        if (!id.isEmpty()) {
          return checked(file, id);
        }
        if (System.nanoTime() - start > EMPTY_NANOS) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException error) {
      throw new SpoolError(file + " cannot be used: " + error, error);
    }
  }

  /** Gives nothing while another program writes. */
  private static String readOrMake(Path file) throws IOException {
    try {
      return new String(StateDir.read(file), StandardCharsets.UTF_8).strip();
    } catch (NoSuchFileException missing) {
      // The first one makes it.
    }
    try {
      StateDir.createPrivate(file);
    } catch (FileAlreadyExistsException other) {
      return "";
    }
    String id = UUID.randomUUID().toString();
    StateDir.writeSynced(file, (id + "\n").getBytes(StandardCharsets.US_ASCII));
    return id;
  }

  private static String checked(Path file, String id) {
    if (!DEVICE.matcher(id.toLowerCase(Locale.ROOT)).matches()) {
      throw new InvalidOptions("device-id: " + file + " holds no UUID of version 4; put the old one back, or delete the file");
    }
    return id;
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether capture is paused. When in doubt it is. */
  static boolean isPaused(Path directory, double nowSeconds) {
    try {
      String text = new String(StateDir.read(directory.resolve("pause")), StandardCharsets.ISO_8859_1);
      String first = text.lines().findFirst().orElse("").strip();
      double end = first.isEmpty() ? Double.NaN : Double.parseDouble(first);
      return Double.isNaN(end) || nowSeconds < end;
    } catch (NoSuchFileException none) {
      return false;
    } catch (IOException | NumberFormatException doubt) {
      return true;
    }
  }

  /** Whether the user has agreed to this plugin as it is now. */
  static boolean hasConsent(Path directory, Manifest manifest) {
    try {
      String text = new String(StateDir.read(directory.resolve("consent").resolve(manifest.id() + ".json")), StandardCharsets.UTF_8);
      JsonObject given = JsonParser.parseString(text).getAsJsonObject();
      Sensitivity level = Sensitivity.valueOf(given.get("sensitivity").getAsString());
      boolean isSame = major(given.get("version").getAsString()).equals(major(manifest.version()));
      return isSame && level.compareTo(manifest.sensitivity()) >= 0;
    } catch (IOException | JsonParseException | IllegalStateException | IllegalArgumentException | NullPointerException none) {
      return false;
    }
  }

  private static String major(String version) {
    return version.split("\\.", 2)[0];
  }
}
