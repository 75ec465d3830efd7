import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import { createWatchedFile } from "../../adapters/files/watched-file.ts";
import type { AuditEntry, AuditLog } from "../../services/ports/audit-log.ts";
import type { OriginEntry } from "../../services/ports/origin-control.ts";
import { LiveOrigins } from "./live-origins.ts";
import { originEntry } from "./origin-entry.ts";

class MemoryAudit implements AuditLog {
  readonly entries: AuditEntry[] = [];
  failure: Error | null = null;

  async append(entry: AuditEntry): Promise<void> {
    if (this.failure) throw this.failure;
    this.entries.push(entry);
  }

  async latest(limit: number): Promise<readonly AuditEntry[]> {
    return this.entries.toReversed().slice(0, limit);
  }
}

let folder: string;
let path: string;
let audit: MemoryAudit;
let logger: RecordingLogger;
let stack: AsyncDisposableStack;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-origins-"));
  path = join(folder, "origins.json");
  audit = new MemoryAudit();
  logger = new RecordingLogger();
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
  await rm(folder, { recursive: true });
});

async function open(options: { readonly withFile?: boolean; readonly fixed?: readonly string[] } = {}) {
  const deps = { clock: systemClock, logger, audit };
  const file =
    options.withFile === false ? null : stack.use(createWatchedFile(deps, { path, restMs: 5, pollMs: 20 }));
  const { fixed = [] } = options;
  const live = stack.use(new LiveOrigins({ ...deps, file }, { environment: "staging", fixed }));
  await live.start();
  return live;
}

const put = async (value: unknown) => {
  await writeFile(`${path}.new`, typeof value === "string" ? value : JSON.stringify(value));
  await rename(`${path}.new`, path);
};
const change = (live: LiveOrigins, entries: readonly OriginEntry[]) => ({
  expectedVersion: live.inForce().version,
  entries,
  actor: "ann",
  requestId: "r-1",
});
const allows = (live: LiveOrigins, origin: string) => live.list.match(origin) !== null;

describe("origins in force", () => {
  test("are those of the environment, and those of the command line", async () => {
    await put({ staging: ["https://a.example"], production: ["https://b.example"] });
    const live = await open({ fixed: ["https://*.c.example"] });
    expect(["https://a.example", "https://x.c.example"].every((origin) => allows(live, origin))).toBe(true);
    expect(allows(live, "https://b.example")).toBe(false);
    await expect(open({ fixed: ["nonsense"] })).rejects.toMatchObject({ code: "config.invalid" });
  });

  test("change with the file while the server runs, with an entry in the audit", async () => {
    await put({ staging: ["https://a.example"] });
    const live = await open();
    const before = live.list;
    await put({ staging: ["https://b.example"] });
    await expect.poll(() => allows(live, "https://b.example")).toBe(true);
    expect(allows(live, "https://a.example")).toBe(false);
    // Whoever has taken the list keeps it whole.
    expect(before.match("https://a.example")).not.toBeNull();
    await expect.poll(() => audit.entries.length).toBe(1);
    expect(audit.entries[0]).toMatchObject({ actor: "file", action: "origins.set", requestId: "" });
    expect(audit.entries[0]!.before).toContain("https://a.example");
    expect(audit.entries[0]!.after).toContain("https://b.example");
    expect(logger.of("origins.changed")[0]!.fields).toMatchObject({
      actor: "file",
      added: ["exact https://b.example"],
      removed: ["exact https://a.example"],
    });
  });

  test.each([
    ["is no JSON", "{", /no JSON/],
    ["names an unknown environment", { prod: [] }, /prod/],
    ["holds what is no origin", { staging: ["https://ok.example", "shop"] }, /staging\.1.*“shop”/],
    ["holds a pattern for everybody", { production: [{ pattern: ".*" }] }, /production\.0.*every origin/],
  ])("stay the last good ones when the file %s, and say why", async (_what, bad, reason) => {
    await put({ staging: ["https://a.example"] });
    const live = await open();
    await put(bad);
    await expect.poll(() => live.inForce().refused).toMatch(reason);
    expect(allows(live, "https://a.example")).toBe(true);
    expect(logger.of("origins.refused")).toHaveLength(1);
    expect(audit.entries).toEqual([]);
    await put({ staging: ["https://b.example"] });
    await expect.poll(() => live.inForce().refused).toBeNull();
    expect(allows(live, "https://b.example")).toBe(true);
  });

  test("stay when the file is taken away", async () => {
    await put({ staging: ["https://a.example"] });
    const live = await open();
    await rm(path);
    await expect.poll(() => live.inForce().refused).toMatch(/gone/);
    expect(allows(live, "https://a.example")).toBe(true);
  });

  test("are nobody's before there is a file; a bad file at the start is no start", async () => {
    const live = await open();
    expect(live.inForce()).toMatchObject({ entries: [], refused: null });
    await put({ staging: ["https://a.example"] });
    await expect.poll(() => allows(live, "https://a.example")).toBe(true);
    await put("{");
    await expect(open()).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringContaining(path),
    });
  });

  test("a change by file counts when the audit cannot be written, and the log says so", async () => {
    await put({ staging: ["https://a.example"] });
    const live = await open();
    audit.failure = new AppError("unavailable", "no database");
    await put({ staging: [] });
    await expect.poll(() => logger.of("origins.audit_failed").length).toBe(1);
    expect(allows(live, "https://a.example")).toBe(false);
    expect(logger.of("origins.audit_failed")[0]!.fields.removed).toEqual(["exact https://a.example"]);
  });
});

describe("setting origins", () => {
  test("takes effect at once, is in the file, and keeps the other environments' lists", async () => {
    await put({ production: ["https://b.example"], staging: ["https://a.example"] });
    const live = await open();
    const entries = [
      originEntry("https://c.example"),
      originEntry("https://*.d.example", true),
      { kind: "pattern" as const, value: "https://pr-[0-9]+\\.d\\.example", credentials: false },
    ];
    const set = await live.set(change(live, entries));
    expect(set.entries).toEqual(entries);
    expect(allows(live, "https://c.example")).toBe(true);
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
      production: ["https://b.example"],
      staging: [
        "https://c.example",
        { origin: "https://*.d.example", credentials: true },
        { pattern: "https://pr-[0-9]+\\.d\\.example" },
      ],
      local: [],
    });
    expect(audit.entries).toMatchObject([{ actor: "ann", requestId: "r-1", action: "origins.set" }]);
    // Its own writing is not taken for somebody else's.
    const again = await open();
    expect(again.inForce().version).toBe(set.version);
    expect(logger.of("origins.changed")).toHaveLength(1);
  });

  test("lets one of two win who read the same list", async () => {
    const live = await open();
    const both = await Promise.allSettled([
      live.set(change(live, [originEntry("https://a.example")])),
      live.set(change(live, [originEntry("https://b.example")])),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((both[1] as PromiseRejectedResult).reason).toMatchObject({ code: "conflict" });
    expect(live.inForce().entries.map(({ value }) => value)).toEqual(["https://a.example"]);
    expect(audit.entries).toHaveLength(1);
  });

  test("does not write over a change of the file that nobody has looked at yet", async () => {
    await put({ staging: ["https://a.example"] });
    const deps = { clock: systemClock, logger, audit };
    const file = createWatchedFile(deps, { path });
    // Nobody tells it of changes.
    const deaf = { ...file, changed: ({ signal }: { signal: AbortSignal }) => untilAborted(signal) };
    const live = stack.use(new LiveOrigins({ ...deps, file: deaf }, { environment: "staging" }));
    await live.start();
    await put({ staging: ["https://b.example"] });
    await expect(live.set(change(live, []))).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(path, "utf8")).toContain("b.example");
  });

  test("refuses a bad entry with its reason, and nothing changes", async () => {
    const live = await open();
    const { version } = live.inForce();
    const bad: OriginEntry[] = [
      originEntry("https://a.example"),
      { kind: "exact", value: "https://*.a.example", credentials: false },
    ];
    await expect(live.set(change(live, bad))).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("https://*.a.example"),
    });
    expect(live.inForce().version).toBe(version);
    expect(audit.entries).toEqual([]);
  });

  test("changes nothing that it cannot audit, or cannot write down", async () => {
    const live = await open();
    audit.failure = new AppError("unavailable", "no database");
    await expect(live.set(change(live, [originEntry("https://a.example")]))).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(allows(live, "https://a.example")).toBe(false);
    audit.failure = null;
    const broken = {
      path,
      read: async () => null,
      write: async () => Promise.reject(new AppError("disk.full", "full")),
      changed: ({ signal }: { signal: AbortSignal }) => untilAborted(signal),
    };
    const deps = { clock: systemClock, logger, audit, file: broken };
    const full = stack.use(new LiveOrigins(deps, { environment: "staging" }));
    await full.start();
    await expect(full.set(change(full, [originEntry("https://a.example")]))).rejects.toMatchObject({
      code: "disk.full",
    });
    expect(allows(full, "https://a.example")).toBe(false);
    expect(audit.entries.map(({ action }) => action)).toEqual(["origins.set", "origins.set_failed"]);
  });

  test("lives as long as the process where there is no file", async () => {
    const live = await open({ withFile: false });
    await live.set(change(live, [originEntry("https://a.example")]));
    expect(allows(live, "https://a.example")).toBe(true);
    expect(audit.entries).toHaveLength(1);
  });
});

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
