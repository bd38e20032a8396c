package dev.openclone;

import java.util.Locale;

/** The platform that a plugin runs on. */
public enum Platform {
  /** Apple macOS. */
  MACOS,
  /** Microsoft Windows. */
  WINDOWS,
  /** Linux. */
  LINUX,
  /** Apple iOS and iPadOS. */
  IOS,
  /** Android. */
  ANDROID,
  /** A browser, on whatever system. */
  WEB;

  /**
   * Its name in JSON.
   *
   * @return such as {@code linux}
   */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Finds a platform by its name in JSON.
   *
   * @param name such as {@code linux}
   * @return the platform
   * @throws OpenCloneException.InvalidOptions if there is none of this name
   */
  public static Platform named(String name) {
    for (Platform platform : values()) {
      if (platform.wireName().equals(name)) {
        return platform;
      }
    }
    throw new OpenCloneException.InvalidOptions("platform: \"" + name + "\" is none of macos, windows, linux, ios, android, web");
  }

  /**
   * The platform of this machine.
   *
   * @return what the Java runtime says it runs on; {@link #LINUX} for everything unknown
   */
  public static Platform current() {
    if (System.getProperty("java.vendor", "").contains("Android")) {
      return ANDROID;
    }
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (system.startsWith("mac")) {
      return MACOS;
    }
    return system.startsWith("windows") ? WINDOWS : LINUX;
  }
}
