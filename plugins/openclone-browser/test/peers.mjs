// Real peers: the service on a port of its own, and a web site.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { existsSync } from "node:fs";

/** Why a test is left out, if its peer is missing; an error where everything is required. */
export function missing(...paths) {
  const gone = paths.find((path) => path === undefined || path === "" || !existsSync(path));
  if (gone === undefined && paths.length > 0) return false;
  const reason = `${gone || "OPENCLONE_BINARY"} is missing`;
  if (process.env.REQUIRE_ALL) throw new Error(`required, but ${reason}`);
  return reason;
}

export async function waitFor(look, what, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const value = await look();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createSocket().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Service {
  static async make() {
    const service = new Service();
    service.home = await mkdtemp(`${tmpdir()}/openclone-service-`);
    service.port = await freePort();
    await service.start();
    service.key = /^API_KEY=(\S+)/m.exec(await readFile(`${service.home}/.env`, "utf8"))[1];
    return service;
  }

  get endpoint() {
    return `http://127.0.0.1:${this.port}`;
  }

  async start() {
    const words = ["serve", "--home", this.home, "--listen", `127.0.0.1:${this.port}`];
    this.process = spawn(process.env.OPENCLONE_BINARY, words, { stdio: "ignore" });
    await waitFor(() => fetch(`${this.endpoint}/readyz`).then((answer) => answer.ok, () => false), "the service's start");
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill();
    await ended;
  }

  /** The text of all pages in the vault's folder Web. */
  async vault() {
    const folder = `${this.home}/vault/Web`;
    const files = await readdir(folder).catch(() => []);
    return (await Promise.all(files.filter((name) => name.endsWith(".md")).map((name) => readFile(`${folder}/${name}`, "utf8")))).join("");
  }

  /** How many events are in the vault. */
  async count() {
    return ((await this.vault()).match(/\^oc-[a-z2-7]+/g) ?? []).length;
  }

  async end() {
    await this.stop();
    await rm(this.home, { recursive: true });
  }
}

/** A site whose pages are articles; the browser reaches it under any name that ends in `.example`. */
export function site() {
  const paragraph = "The harvest of the northern orchards begins in September, when the first apples are ripe enough to be picked by hand. ";
  const server = createServer((request, response) => {
    const name = request.url.split("?")[0].slice(1) || "start";
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><title>Orchard ${name}</title><article><h1>Orchard ${name}</h1>${`<p>${paragraph.repeat(4)}</p>`.repeat(8)}</article>`);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
