/**
 * What the enums of the contract are called in JSON, and what follows from a source type.
 *
 * @module
 */

import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";

import {
  ActivitySchema,
  AudioMicSchema,
  AudioSystemSchema,
  BraindumpSchema,
  CalendarSchema,
  EmailSchema,
  GpsSchema,
  HealthSchema,
  JournalSchema,
  MessagingSchema,
  MusicSchema,
  NotesSchema,
  PhotosSchema,
  Platform,
  ScreenOcrSchema,
  SourceType,
  WebBrowsingSchema,
} from "../gen/openclone/v1/batch_pb.js";

/** The message of each source type. */
export const SCHEMAS = {
  audio_system: AudioSystemSchema,
  audio_mic: AudioMicSchema,
  screen_ocr: ScreenOcrSchema,
  journal: JournalSchema,
  web_browsing: WebBrowsingSchema,
  music: MusicSchema,
  health: HealthSchema,
  calendar: CalendarSchema,
  notes: NotesSchema,
  gps: GpsSchema,
  photos: PhotosSchema,
  email: EmailSchema,
  messaging: MessagingSchema,
  activity: ActivitySchema,
  braindump: BraindumpSchema,
} as const;

/** One of the 15 source types, by its name in JSON. It decides the folder of the vault. */
export type SourceTypeName = keyof typeof SCHEMAS;

/** The typed message of a source type, as `payload.<source type>(…)` makes it. */
export type Payload<S extends SourceTypeName = SourceTypeName> = {
  [K in S]: MessageShape<(typeof SCHEMAS)[K]>;
}[S];

/** The fields of a typed message, each optional. An integer of 64 bits may be a `number` too. */
export type PayloadFields<S extends SourceTypeName> = Numbers<MessageInitShape<(typeof SCHEMAS)[S]>>;

type Numbers<M> = M extends object ? { [K in keyof M]: bigint extends M[K] ? M[K] | number : M[K] } : M;

/** The number of each source type in the contract. */
export const SOURCE_TYPES: Readonly<Record<SourceTypeName, SourceType>> = {
  audio_system: SourceType.AUDIO_SYSTEM,
  audio_mic: SourceType.AUDIO_MIC,
  screen_ocr: SourceType.SCREEN_OCR,
  journal: SourceType.JOURNAL,
  web_browsing: SourceType.WEB_BROWSING,
  music: SourceType.MUSIC,
  health: SourceType.HEALTH,
  calendar: SourceType.CALENDAR,
  notes: SourceType.NOTES,
  gps: SourceType.GPS,
  photos: SourceType.PHOTOS,
  email: SourceType.EMAIL,
  messaging: SourceType.MESSAGING,
  activity: SourceType.ACTIVITY,
  braindump: SourceType.BRAINDUMP,
};

/** Where a plugin runs, by its name in JSON. */
export type PlatformName = "macos" | "windows" | "linux" | "ios" | "android" | "web";

/** The number of each platform in the contract. */
export const PLATFORMS: Readonly<Record<PlatformName, Platform>> = {
  macos: Platform.MACOS,
  windows: Platform.WINDOWS,
  linux: Platform.LINUX,
  ios: Platform.IOS,
  android: Platform.ANDROID,
  web: Platform.WEB,
};

/** Source types of sensitivity HIGH and CRITICAL: people are asked before they are captured. */
export const CONSENT_REQUIRED: ReadonlySet<SourceTypeName> = new Set<SourceTypeName>([
  "audio_mic",
  "health",
  "email",
  "messaging",
]);

/** Whether `name` is one of the 15. */
export function isSourceType(name: unknown): name is SourceTypeName {
  return typeof name === "string" && Object.hasOwn(SCHEMAS, name);
}

/** Whether `name` is one of the six. */
export function isPlatform(name: unknown): name is PlatformName {
  return typeof name === "string" && Object.hasOwn(PLATFORMS, name);
}

/** The name in JSON of a number of the contract; empty if it is unknown. */
export function nameOf(numbers: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(numbers).find((name) => numbers[name] === value) ?? "";
}
