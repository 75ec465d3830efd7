import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import { createAppProtocol } from "./app-protocol.ts";

let folder: string;
const asked: string[] = [];
const logger = new RecordingLogger();
let fails: ErrorCode | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-protocol-"));
  await mkdir(join(folder, "renderer/assets"), { recursive: true });
  await writeFile(join(folder, "renderer/index.html"), "<!doctype html>");
  await writeFile(join(folder, "renderer/assets/app-1a2b.js"), "1");
  await writeFile(join(folder, "renderer/assets/overlay-worker-1a2b.js"), "1");
  await writeFile(join(folder, "renderer/notes.secret"), "secret");
  await writeFile(join(folder, "outside.js"), "secret");
  await mkdir(join(folder, "renderer-old"));
  await writeFile(join(folder, "renderer-old/old.js"), "secret");
});
afterAll(() => rm(folder, { recursive: true }));

function get(url: string, init?: RequestInit): Promise<Response> {
  const respond = createAppProtocol({
    windowFolder: join(folder, "renderer"),
    asset: async (path) => {
      asked.push(path);
      if (fails) throw new AppError(fails, "No.");
      return path === "thumb/a%2Fb" ? { body: new Uint8Array([1, 2, 3]), contentType: "image/webp" } : null;
    },
    logger,
  });
  return respond(new Request(url, init));
}

describe("the custom protocol", () => {
  test("serves the page with a policy that lets nothing in from elsewhere", async () => {
    const response = await get("platemark://app/index.html");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = response.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(await (await get("platemark://app/")).text()).toBe("<!doctype html>");
  });

  test("lets the script that draws marks compile WebAssembly, and no other", async () => {
    const policyOf = async (file: string) =>
      (await get(`platemark://app/assets/${file}`)).headers.get("content-security-policy")!;
    const policy = await policyOf("overlay-worker-1a2b.js");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).toContain("default-src 'none'");
    expect(await policyOf("app-1a2b.js")).not.toContain("unsafe");
  });

  test("lets files with a hash in their name be kept for ever", async () => {
    const response = await get("platemark://app/assets/app-1a2b.js");
    expect(response.headers.get("cache-control")).toContain("immutable");
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  test.each([
    "platemark://app/../outside.js",
    "platemark://app/%2e%2e/outside.js",
    "platemark://app/..%2foutside.js",
    "platemark://app/..%2frenderer-old%2fold.js",
    "platemark://app/assets/..%2f..%2foutside.js",
    "platemark://app/..%5coutside.js",
    "platemark://app/%00.js",
    "platemark://app/notes.secret",
    "platemark://app/assets/",
    "platemark://app/index.html/x.js",
    "platemark://other/index.html",
    "https://app/index.html",
  ])("has nothing at %s", async (url) => {
    const response = await get(url);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("");
  });

  test("refuses a path that is no UTF-8, and every method that writes", async () => {
    expect((await get("platemark://app/%ff.js")).status).toBe(400);
    const post = await get("platemark://app/index.html", { method: "POST", body: "x" });
    expect(post.status).toBe(405);
    expect(post.headers.get("allow")).toBe("GET, HEAD");
  });

  test("asks the core for thumbnails and previews by their encoded path", async () => {
    const response = await get("platemark://app/thumb/a%2Fb");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]));
    expect(response.headers.get("content-type")).toBe("image/webp");
    expect((await get("platemark://app/preview/marked/x")).status).toBe(404);
    expect(asked.slice(-2)).toEqual(["thumb/a%2Fb", "preview/marked/x"]);
    for (const path of ["picture/7", "logo/north.svg"])
      expect((await get(`platemark://app/${path}`)).status).toBe(404);
    expect(asked.slice(-2)).toEqual(["picture/7", "logo/north.svg"]);
  });

  test.each([
    ["unavailable", 503],
    ["resource_exhausted", 429],
    ["not_found", 404],
    ["picture.corrupt", 500],
  ] as const)("answers %s with %i", async (code, status) => {
    fails = code;
    expect((await get("platemark://app/thumb/a")).status).toBe(status);
    fails = null;
  });

  test("sends no body to HEAD", async () => {
    const response = await get("platemark://app/index.html", { method: "HEAD" });
    expect(response.headers.get("content-length")).toBe("15");
    expect(await response.text()).toBe("");
  });
});
