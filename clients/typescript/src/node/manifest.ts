/**
 * `plugin.json` and `openclone.conf`: what a plugin is, and how its user has set it up.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";

import { InvalidOptions, reasonOf } from "../core/errors.js";
import { CONSENT_REQUIRED, isSourceType, type SourceTypeName } from "../core/names.js";
import { consentTo } from "./shared.js";

/** How personal what a plugin captures is. */
export type SensitivityName = "LOW" | "MEDIUM" | "HIGH" | "CRITICAL";

/** A setting of a `config_schema`. */
export interface Setting {
  readonly type: "integer" | "number" | "string" | "boolean" | "array" | "object";
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The settings of a plugin by name. */
export type Config = Readonly<Record<string, unknown>>;

/** What `plugin.json` says of a plugin. */
export interface Manifest {
  /** Where it is, beside `openclone.conf`. */
  readonly dir: string;
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly sourceTypes: readonly SourceTypeName[];
  /** As declared, and at least that of the source types. */
  readonly sensitivity: SensitivityName;
  /** How often it reports that it works; 0 if not. */
  readonly heartbeatSeconds: number;
  readonly configSchema: Readonly<Record<string, Setting>>;
}

const LEVELS: readonly SensitivityName[] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];
const TYPES = ["integer", "number", "string", "boolean", "array", "object"];
const NO_IDS = new Set(["0", "1", "true", "false", "yes", "no", "on", "off"]);
/** The setting that switches a plugin on. */
const SWITCH = "openclone.enabled";

/**
 * Reads `plugin.json` in `dir`: by default `OPENCLONE_PLUGIN_DIR`, else the working directory.
 *
 * @throws {@link InvalidOptions}
 */
export function readManifest(dir: string = process.env["OPENCLONE_PLUGIN_DIR"] || "."): Manifest {
  const file = path.join(dir, "plugin.json");
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(fs.readFileSync(file, "utf8").replace(/^\uFEFF/, "")) as Record<string, unknown>;
  } catch (error) {
    throw new InvalidOptions(`${file}: cannot be read: ${reasonOf(error)}`);
  }
  const { id, version, name, source_types: types, sensitivity, heartbeat_seconds: heartbeat = 0, config_schema: schema = {} } = document;
  const isWhole = typeof id === "string" && typeof version === "string" && typeof name === "string" && Array.isArray(types) &&
    types.length > 0 && types.every(isSourceType) && LEVELS.includes(sensitivity as SensitivityName) && typeof heartbeat === "number";
  if (!isWhole) throw new InvalidOptions(`${file}: a member is missing or not of its type; openclone plugins lint says more`);
  const configSchema = schema as Record<string, Setting>;
  for (const [setting, { type }] of Object.entries(configSchema)) {
    if (!TYPES.includes(type)) throw new InvalidOptions(`${file}: config_schema.${setting} must have a type out of ${TYPES.join(", ")}`);
  }
  const sourceTypes = types as SourceTypeName[];
  const level = Math.max(LEVELS.indexOf(sensitivity as SensitivityName), ...sourceTypes.map(leastLevel));
  return { dir, id, version, name, sourceTypes, sensitivity: LEVELS[level] ?? "CRITICAL", heartbeatSeconds: heartbeat, configSchema };
}

function leastLevel(sourceType: SourceTypeName): number {
  if (!CONSENT_REQUIRED.has(sourceType)) return 0;
  return LEVELS.indexOf(sourceType === "email" || sourceType === "messaging" ? "CRITICAL" : "HIGH");
}

/**
 * Reads `openclone.conf`; what it leaves out has its default.
 *
 * @throws {@link InvalidOptions}, with file and line
 */
export function readConfig({ dir, configSchema }: Manifest): Config {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(configSchema)) if (setting.default !== undefined) values[name] = setting.default;
  const file = path.join(dir, "openclone.conf");
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return values;
    throw new InvalidOptions(`${file}: cannot be read: ${reasonOf(error)}`);
  }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    const where = `${file}:${index + 1}`;
    const [, name = "", value = ""] = /^\s*([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === "") throw new InvalidOptions(`${where}: write \`name = value\``);
    const setting = configSchema[name];
    if (setting === undefined) {
      throw new InvalidOptions(`${where}: there is no setting ${name}; the settings are ${Object.keys(configSchema).join(", ")}`);
    }
    values[name] = valueOf(`${where}: ${name}`, value, setting);
  }
  return values;
}

function valueOf(where: string, text: string, setting: Setting): unknown {
  const value = setting.type === "string" && !text.startsWith('"') ? text : parsed(text);
  if (!isOf(setting.type, value)) {
    throw new InvalidOptions(`${where} must be of type ${setting.type}, such as ${JSON.stringify(setting.default)}`);
  }
  const allowed = setting.enum;
  if (allowed !== undefined && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value))) {
    throw new InvalidOptions(`${where} must be one of ${allowed.join(", ")}`);
  }
  if (typeof value === "number") {
    if (value < (setting.minimum ?? value)) throw new InvalidOptions(`${where} must be at least ${setting.minimum}`);
    if (value > (setting.maximum ?? value)) throw new InvalidOptions(`${where} must be at most ${setting.maximum}`);
  }
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isOf(type: Setting["type"], value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

/** What decides whether a plugin may send. */
export interface Decision {
  readonly pluginId: string;
  readonly sourceTypes: readonly SourceTypeName[];
  readonly manifest: Manifest | undefined;
  readonly config: Config;
  /** The directory that plugins share. */
  readonly home: string;
  /** The value of `OPENCLONE_ENABLED`. */
  readonly named: string | undefined;
}

/**
 * Why a plugin may not send, and what to do about it; undefined if it may.
 *
 * @throws {@link InvalidOptions}
 */
export function whyOff({ pluginId, sourceTypes, manifest, config, home, named }: Decision): string | undefined {
  const names = (named ?? "").split(",").map((name) => name.trim());
  const wrong = names.find((name) => NO_IDS.has(name.toLowerCase()));
  if (wrong !== undefined) {
    throw new InvalidOptions(`OPENCLONE_ENABLED lists ids of plugins, such as my-plugin,other-plugin, not ${wrong}`);
  }
  const isNamed = names.includes(pluginId);
  if (manifest === undefined) {
    if (isNamed || !sourceTypes.some((name) => CONSENT_REQUIRED.has(name))) return undefined;
    return `${pluginId} is not switched on: ask the user, then set OPENCLONE_ENABLED=${pluginId}, or the option enabled`;
  }
  const enable = `openclone plugins enable ${pluginId}`;
  if (!isNamed && config[SWITCH] !== true) {
    return `${pluginId} is not switched on: run ${enable}, or set ${SWITCH} = true in ${path.join(manifest.dir, "openclone.conf")}`;
  }
  if (LEVELS.indexOf(manifest.sensitivity) >= LEVELS.indexOf("HIGH") && !hasConsent(home, manifest)) {
    return `${pluginId} captures ${manifest.sensitivity} data and has no consent: run ${enable}`;
  }
  return undefined;
}

function hasConsent(home: string, manifest: Manifest): boolean {
  const given = consentTo(home, manifest.id);
  const major = (version: string) => version.split(".", 1)[0];
  return given !== undefined && LEVELS.indexOf(given.sensitivity as SensitivityName) >= LEVELS.indexOf(manifest.sensitivity) &&
    major(given.version) === major(manifest.version);
}
