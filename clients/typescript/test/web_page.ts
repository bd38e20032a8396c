/**
 * What the page of `web.test.ts` does in the browser; bundled for it. Posts what it has seen to `/result`.
 *
 * @module
 */

import { Client, payload, type WebOptions } from "../src/web.js";

declare const SERVICE: { endpoint: string; key: string };

const reported: string[] = [];
const options: WebOptions<"web_browsing"> = {
  endpoint: SERVICE.endpoint,
  apiKey: SERVICE.key,
  pluginId: "page",
  pluginVersion: "1.0.0",
  sourceType: "web_browsing",
  retryBase: 0.02,
  retryCap: 0.1,
  onError: (error) => void reported.push(error.name),
};
const seen: Record<string, unknown> = { reported };

async function nameOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "done",
    (error: Error) => error.name,
  );
}

async function overGrpcWeb(): Promise<void> {
  const client = await Client.open({ ...options, transport: "grpc" });
  const titles = Array.from({ length: 120 }, (_, index) => `grpc-web-${index}`);
  await Promise.all(titles.map((title) => client.send({ rawRef: title, data: payload.web_browsing({ title }) })));
  await client.send({ rawRef: "lone", data: { title: "tomorrow \ud800" } });
  await client.send({ rawRef: "json", data: { title: "as JSON", n: 12345678901234567890n } });
  seen["rival"] = await nameOf(Client.open(options));
  await client.flush(20);
  seen["grpc"] = client.stats;
  seen["rejected"] = await client.rejected();
  seen["shown"] = `${client}${JSON.stringify(client)}`;
  seen["device"] = client.deviceId;
  await client.close(5);
  seen["late"] = await nameOf(client.send({ data: {} }));
}

async function overJson(): Promise<void> {
  const client = await Client.open({ ...options, transport: "json" });
  await client.send({ rawRef: "over-json", data: payload.web_browsing({ title: "over-json", readingTime: 1.5 }) });
  seen["sameDevice"] = client.deviceId === seen["device"];
  await client.close(20);
  seen["json"] = client.stats;
}

/** What a page could not send, the next one does. */
async function acrossPages(): Promise<void> {
  const lost = await Client.open({ ...options, endpoint: "http://127.0.0.1:1" });
  for (const title of ["left-0", "left-1", "left-2"]) await lost.send({ rawRef: title, data: { title } });
  seen["unreachable"] = await nameOf(lost.close(1));
  const next = await Client.open(options);
  seen["left"] = next.stats.queued;
  await next.close(20);
  seen["next"] = next.stats;
}

async function refused(): Promise<void> {
  const client = await Client.open({ ...options, apiKey: `${SERVICE.key}-wrong` });
  await client.send({ rawRef: "rejected", data: { title: "rejected" } });
  seen["denied"] = await nameOf(client.close(10));
}

try {
  await overGrpcWeb();
  await overJson();
  await acrossPages();
  await refused();
} catch (error) {
  seen["error"] = String(error instanceof Error ? error.stack : error);
}
await fetch("/result", { method: "POST", body: JSON.stringify(seen) });
