// Builds dist/. npm calls it when the package is installed from its directory; the compiler is fetched if it is missing.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("..", import.meta.url));
const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

// The outer npm hands its own options down, such as the directory that it installs into.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_config_(?:local_prefix|prefix|global|omit|include|install_links|save|dry_run)/i.test(name)),
);

function run(command, ...words) {
  const { status, error } = spawnSync(command, words, { cwd: home, env: environment, stdio: ["ignore", 2, 2] });
  if (error !== undefined) console.error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(compiler)) {
  run(process.platform === "win32" ? "npm.cmd" : "npm", "ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund");
}
rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
run(process.execPath, compiler, "-p", "tsconfig.build.json");
