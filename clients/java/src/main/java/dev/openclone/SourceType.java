package dev.openclone;

import java.util.Locale;

/** The kind of source that events come from; it decides the folder of the vault. */
public enum SourceType {
  /** Audio that the machine plays, transcribed. */
  AUDIO_SYSTEM(Sensitivity.MEDIUM),
  /** Ambient microphone, transcribed. */
  AUDIO_MIC(Sensitivity.HIGH),
  /** Text read off the screen. */
  SCREEN_OCR(Sensitivity.MEDIUM),
  /** Voice or written journal. */
  JOURNAL(Sensitivity.LOW),
  /** Pages visited. */
  WEB_BROWSING(Sensitivity.MEDIUM),
  /** Tracks heard. */
  MUSIC(Sensitivity.LOW),
  /** Body figures. */
  HEALTH(Sensitivity.HIGH),
  /** Appointments. */
  CALENDAR(Sensitivity.LOW),
  /** Notes. */
  NOTES(Sensitivity.LOW),
  /** Positions. */
  GPS(Sensitivity.MEDIUM),
  /** Photos taken. */
  PHOTOS(Sensitivity.MEDIUM),
  /** E-mail envelopes, without body. */
  EMAIL(Sensitivity.CRITICAL),
  /** Chat messages. */
  MESSAGING(Sensitivity.CRITICAL),
  /** Use of applications. */
  ACTIVITY(Sensitivity.LOW),
  /** Free thoughts. */
  BRAINDUMP(Sensitivity.LOW);

  private final Sensitivity sensitivity;

  SourceType(Sensitivity sensitivity) {
    this.sensitivity = sensitivity;
  }

  /**
   * How personal it is.
   *
   * @return its sensitivity
   */
  public Sensitivity sensitivity() {
    return sensitivity;
  }

  /**
   * Its name in JSON and in the vault.
   *
   * @return such as {@code audio_system}
   */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Finds a source type by its name in JSON.
   *
   * @param name such as {@code audio_system}
   * @return the source type
   * @throws OpenCloneException.InvalidOptions if there is none of this name
   */
  public static SourceType named(String name) {
    for (SourceType type : values()) {
      if (type.wireName().equals(name)) {
        return type;
      }
    }
    throw new OpenCloneException.InvalidOptions("source_type: \"" + name + "\" is not one of the 15 source types");
  }
}
