// Bundles the extension into dist/chromium and dist/firefox. Both have the same code; only the manifests differ.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";

const { version } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));
const manifest = JSON.parse(await readFile(new URL("src/manifest.json", import.meta.url), "utf8"));
const home = new URL(".", import.meta.url).pathname;

async function bundle(target, manifest) {
  const out = `${home}dist/${target}`;
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const shared = { bundle: true, target: "es2022", legalComments: "linked", absWorkingDir: home, logLevel: "warning" };
  await build({ ...shared, entryPoints: ["src/worker.ts"], format: "esm", outdir: out });
  await build({ ...shared, entryPoints: ["src/content.ts", "src/popup.ts", "src/options.ts"], format: "iife", outdir: out });
  for (const page of ["popup.html", "options.html", "style.css"]) await cp(`${home}src/${page}`, `${out}/${page}`);
  await writeFile(`${out}/manifest.json`, JSON.stringify({ ...manifest, version }, null, 2));
}

// Chromium warns about the members of the other one.
const { browser_specific_settings: _settings, ...chromium } = manifest;
await bundle("chromium", { ...chromium, background: { service_worker: "worker.js", type: "module" } });
const { minimum_chrome_version: _version, ...firefox } = manifest;
await bundle("firefox", { ...firefox, background: { scripts: ["worker.js"], type: "module" } });
