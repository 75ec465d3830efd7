import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import { ScriptedCore } from "../../test/fakes/window-core.ts";
import { type ServedWindow, serveWindow } from "./serve-window.ts";

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let folder: string;
let served: ServedWindow;
let core: ScriptedCore;
let logger: RecordingLogger;
let origin: string;

const DROP = "0f8fad5b-d9cb-469f-a165-70867728950e";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-daemon-"));
  await writeFile(join(folder, "secret.txt"), "not for a page");
  const staticDir = join(folder, "renderer");
  await mkdir(join(staticDir, "assets"), { recursive: true });
  await writeFile(join(staticDir, "index.html"), "<!doctype html><title>Platemark</title>");
  await writeFile(join(staticDir, "assets", "index-1.js"), "export {};");
  await writeFile(join(staticDir, "assets", "overlay-worker-1.js"), "export {};");
  core = new ScriptedCore({ jobs: [{ id: "job", label: "Chairs", pictures: 5 }] });
  logger = new RecordingLogger();
  served = await serveWindow({
    core,
    logger,
    staticDir,
    inboxDir: join(folder, "inbox"),
    heartbeatMs: 20,
    maxFileBytes: 64 * 1024,
  });
  origin = new URL(served.url).origin;
});

afterEach(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

/** Sends exactly what it is told: `fetch` would mend Host headers and paths. */
function send(path: string, options: RequestOptions & { body?: string | Buffer } = {}): Promise<Reply> {
  const { port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, ...options }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
      });
    });
    sent.on("error", reject);
    sent.end(options.body);
  });
}

async function signIn(): Promise<string> {
  const reply = await send(new URL(served.newLink()).pathname);
  return reply.headers["set-cookie"]![0]!.split(";")[0]!;
}

async function call(channel: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  return send(`/ipc/${channel}`, {
    method: "POST",
    headers: { cookie: await signIn(), origin, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

describe("link and session", () => {
  test("a link opens a session once, and only its own", async () => {
    const path = new URL(served.url).pathname;
    const first = await send(path);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe("/");
    const [cookie] = first.headers["set-cookie"]!;
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    const again = await send(path);
    expect(again.status).toBe(410);
    expect(again.headers["set-cookie"]).toBeUndefined();
    expect((await send(path, { headers: { cookie: cookie!.split(";")[0]! } })).status).toBe(303);
    expect((await send("/open/guessed")).status).toBe(410);
  });

  test.each([
    ["POST", "/ipc/app.info"],
    ["GET", "/events"],
    ["GET", "/thumb/job:0"],
    ["GET", "/preview/original/job:0"],
    ["GET", "/picture/job:0"],
    ["GET", "/logo/north.svg"],
    ["PUT", `/drop/${DROP}/a.jpg`],
  ])("%s %s answers nobody without a session", async (method, path) => {
    const cookie = `platemark-${new URL(origin).port}=guessed`;
    for (const headers of [{ origin }, { origin, cookie }]) {
      const reply = await send(path, { method, headers });
      expect(reply.status).toBe(401);
      expect(JSON.parse(reply.body).error.code).toBe("unauthenticated");
    }
    expect(core.calls).toEqual([]);
  });

  test("secrets stay out of the log", async () => {
    await send(new URL(served.url).pathname);
    expect(JSON.stringify(logger.lines)).not.toContain(new URL(served.url).pathname.split("/")[2]);
  });
});

test("the script that draws marks may compile WebAssembly, and no other", async () => {
  const policyOf = async (file: string) => (await send(`/assets/${file}`)).headers["content-security-policy"];
  expect(await policyOf("overlay-worker-1.js")).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(await policyOf("index-1.js")).not.toContain("unsafe");
});

describe("who may ask", () => {
  test("a name that was pointed at this computer is refused", async () => {
    const cookie = await signIn();
    for (const host of ["evil.example", `evil.example:${new URL(origin).port}`, "127.0.0.1:1"])
      expect((await send("/", { headers: { host, cookie } })).status).toBe(403);
    expect(logger.of("request.refused")[0]?.fields).toEqual({ reason: "host" });
    const { port } = new URL(origin);
    expect((await send("/", { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  test("another page's request is refused, with our cookie as well", async () => {
    const cookie = await signIn();
    for (const foreign of ["https://evil.example", "http://127.0.0.1:1", "null"]) {
      const headers = { cookie, origin: foreign, "content-type": "application/json" };
      expect((await send("/ipc/import.samples", { method: "POST", headers, body: "{}" })).status).toBe(403);
    }
    const noOrigin = { cookie, "content-type": "application/json" };
    expect(
      (await send("/ipc/import.samples", { method: "POST", headers: noOrigin, body: "{}" })).status,
    ).toBe(403);
    expect(core.calls).toEqual([]);
  });

  test("another local server's page cannot show our pictures, but may link here", async () => {
    const cookie = await signIn();
    const embedded = { cookie, "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" };
    expect((await send("/thumb/job:0", { headers: embedded })).status).toBe(403);
    const link = { cookie, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await send("/", { headers: link })).status).toBe(200);
  });
});

describe("calls", () => {
  test("the core's answer comes back", async () => {
    const reply = await call("items.page", { jobId: "job", offset: 1, limit: 2 });
    expect(reply.status).toBe(200);
    const { ok } = JSON.parse(reply.body);
    expect(ok.total).toBe(5);
    expect(ok.items.map((item: { index: number }) => item.index)).toEqual([1, 2]);
  });

  test("the core's error comes back as an error with its code", async () => {
    const reply = await call("import.cancel", { jobId: "gone" });
    expect([reply.status, JSON.parse(reply.body).error.code]).toEqual([200, "not_found"]);
  });

  test.each([
    ["an unknown channel", "app.quit", {}, 404, "not_found"],
    ["a channel by inheritance", "constructor", {}, 404, "not_found"],
    [
      "a request that does not fit",
      "items.page",
      { jobId: "job", offset: -1, limit: 2 },
      400,
      "invalid_argument",
    ],
    ["no JSON", "app.info", "{", 400, "invalid_argument"],
    ["an oversized request", "app.info", `"${"x".repeat(1024 * 1024)}"`, 413, "resource_exhausted"],
  ])("%s is refused", async (_what, channel, body, status, code) => {
    const reply = await call(channel, body);
    expect([reply.status, JSON.parse(reply.body).error.code]).toEqual([status, code]);
    expect(core.calls).toEqual([]);
  });

  test("a form's content type is refused, which needs no permission across origins", async () => {
    expect((await call("import.samples", {}, { "content-type": "text/plain" })).status).toBe(415);
    expect(core.calls).toEqual([]);
  });
});

describe("files", () => {
  test("the page comes with a policy that allows nothing inline and nothing foreign", async () => {
    const reply = await send("/");
    expect(reply.body).toContain("Platemark");
    const policy = reply.headers["content-security-policy"]!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(reply.headers["x-content-type-options"]).toBe("nosniff");
    expect((await send("/assets/index-1.js")).headers["content-type"]).toContain("javascript");
  });

  test.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "//secret.txt",
    "/assets/..%5c..%5csecret.txt",
  ])("%s leads nowhere", async (path) => {
    const reply = await send(path);
    expect(reply.status).toBe(404);
    expect(reply.body).not.toContain("not for a page");
  });

  test("pictures come from the core; what it does not know is not there", async () => {
    const cookie = await signIn();
    const thumb = await send("/thumb/job:0", { headers: { cookie } });
    expect([thumb.status, thumb.headers["content-type"]]).toEqual([200, "image/webp"]);
    expect((await send("/thumb/job:99", { headers: { cookie } })).status).toBe(204);
    expect((await send("/preview/other/job:0", { headers: { cookie } })).status).toBe(404);
  });
});

describe("events", () => {
  test("a stream greets, carries events, shows signs of life, and can be opened again", async () => {
    const headers = { cookie: await signIn(), origin };
    for (let time = 0; time < 2; time += 1) {
      const gone = new AbortController();
      const response = await fetch(`${origin}/events`, { headers, signal: gone.signal });
      let text = "";
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      const until = async (wanted: string) => {
        while (!text.includes(wanted)) text += (await reader.read()).value ?? "";
      };
      await until("event: hello");
      core.advance("job", 1);
      await until("event: job.changed");
      await until("event: heartbeat");
      expect(text.indexOf("event: hello")).toBeLessThan(text.indexOf("event: items.changed"));
      gone.abort();
    }
  });
});

describe("dropped files", () => {
  const put = async (path: string, body: string | Buffer, cookie: string) =>
    send(`/drop/${DROP}/${path}`, { method: "PUT", headers: { cookie, origin }, body });

  test("arrive whole in a folder of their own, and their import starts with the mark", async () => {
    const cookie = await signIn();
    const bytes = Buffer.alloc(60_000, 7);
    expect((await put("Chairs/M%C3%B6bel%201.jpg", bytes, cookie)).status).toBe(200);
    const reply = await send(`/drop/${DROP}/finish`, {
      method: "POST",
      headers: { cookie, origin, "content-type": "application/json" },
      body: JSON.stringify({ mark: { text: "© Studio" } }),
    });
    expect(JSON.parse(reply.body).ok.jobId).toBe("job-1");
    expect(core.calls.at(-1)).toEqual({
      channel: "import.start",
      request: {
        path: join(folder, "inbox", DROP, "Chairs"),
        mark: expect.objectContaining({ text: "© Studio" }),
      },
    });
    expect(await readFile(join(folder, "inbox", DROP, "Chairs", "Möbel 1.jpg"))).toEqual(bytes);
    expect(await readdir(join(folder, "inbox", DROP))).toEqual(["Chairs"]);
  });

  test("loose ones are imported together, without what arrived and was never finished before", async () => {
    const cookie = await signIn();
    await put("a.jpg", "x", cookie);
    const { port } = new URL(origin);
    await served.close();
    const staticDir = join(folder, "renderer");
    served = await serveWindow({
      core,
      logger,
      staticDir,
      inboxDir: join(folder, "inbox"),
      port: Number(port),
    });
    const headers = { cookie: await signIn(), origin, "content-type": "application/json" };
    for (const name of ["b.jpg", "c.jpg"]) await put(name, "x", headers.cookie);
    await send(`/drop/${DROP}/finish`, { method: "POST", headers, body: "{}" });
    expect(core.calls.at(-1)?.request).toEqual({ path: join(folder, "inbox", DROP) });
    expect((await readdir(join(folder, "inbox", DROP))).sort()).toEqual(["b.jpg", "c.jpg"]);
  });

  test("a name that leads elsewhere is refused", async () => {
    const cookie = await signIn();
    for (const path of ["..%2fup.jpg", "%2e%2e/up.jpg", "a/../../up.jpg", "a//b.jpg", "a%00.jpg", "%ff.jpg"])
      expect([path, (await put(path, "x", cookie)).status]).toEqual([path, 400]);
    expect(await readdir(folder)).not.toContain("up.jpg");
    const elsewhere = await send("/drop/..%2f..%2f/a.jpg", {
      method: "PUT",
      headers: { cookie, origin },
      body: "x",
    });
    expect(elsewhere.status).toBe(400);
  });

  test("one that is too large leaves nothing behind, announced or not", async () => {
    const cookie = await signIn();
    const large = Buffer.alloc(64 * 1024 + 1);
    expect((await put("a.jpg", large, cookie)).status).toBe(413);
    const chunked = await send(`/drop/${DROP}/b.jpg`, {
      method: "PUT",
      headers: { cookie, origin, "transfer-encoding": "chunked" },
      body: large,
    });
    expect(chunked.status).toBe(413);
    expect(await readdir(join(folder, "inbox", ".incoming", DROP))).toEqual([]);
  });

  test("can be taken back, and an empty drop is not imported", async () => {
    const cookie = await signIn();
    await put("a.jpg", "x", cookie);
    expect((await send(`/drop/${DROP}`, { method: "DELETE", headers: { cookie, origin } })).status).toBe(200);
    expect(await readdir(join(folder, "inbox", ".incoming"))).toEqual([]);
    const finish = await send(`/drop/${DROP}/finish`, { method: "POST", headers: { cookie, origin } });
    expect([finish.status, core.calls]).toEqual([404, []]);
  });
});

test("says what to do when the window has not been built", async () => {
  const options = { core, logger, staticDir: join(folder, "nowhere"), inboxDir: folder };
  await expect(serveWindow(options)).rejects.toMatchObject({
    code: "config.invalid",
    message: expect.stringContaining("npm run build"),
  });
});

test("says that its port is taken", async () => {
  const staticDir = join(folder, "renderer");
  const port = Number(new URL(origin).port);
  await expect(serveWindow({ core, logger, staticDir, inboxDir: folder, port })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining(`${port}`),
  });
});
