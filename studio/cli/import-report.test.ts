import { describe, expect, test } from "vitest";
import type { ItemView, JobView } from "#contracts/ipc.ts";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { bar, formatBytes, formatSeconds, pictures, printable } from "./format.ts";
import { humanReport, jsonReport } from "./import-report.ts";
import type { Output } from "./output.ts";

function recorder(isTerminal = false) {
  const lines: string[] = [];
  const notices: string[] = [];
  const statuses: string[] = [];
  const output: Output = {
    line: (text) => lines.push(text),
    notice: (text) => notices.push(text),
    status: (text) => statuses.push(text),
    isTerminal,
    columns: 80,
  };
  return { lines, notices, output, statuses };
}

const item: ItemView = {
  id: "1",
  jobId: "j",
  index: 0,
  file: "day 1/é.jpg",
  size: 10,
  state: "marked",
  already: false,
  bytesSent: 10,
  reason: null,
  objectKey: "raw/studio/1.jpg",
  markedKey: "watermarked/studio/1.jpg",
  traceId: "a".repeat(32),
};
const failed: ItemView = {
  ...item,
  file: "b\u001b[31m.heic",
  state: "failed",
  reason: { code: "picture.unsupported_heic", message: "HEIC pictures cannot be marked yet." },
};
const job: JobView = {
  id: "j",
  root: "/p",
  label: "p",
  state: "running",
  waitingFor: null,
  found: 1_204,
  counts: { marked: 600, failed: 2 },
  already: 0,
  ignored: 0,
  bytesTotal: 1,
  bytesSent: 1,
  bytesPerSecond: 92_000_000,
  picturesPerSecond: 38,
  etaSeconds: 47.2,
  startedAtMs: 0,
  finishedAtMs: null,
  mark: DEFAULT_MARK,
};
const totals = {
  found: 3,
  marked: 1,
  already: 1,
  failed: 1,
  ignored: 4,
  bytes: 1_500_000,
  seconds: 61.25,
  interrupted: false,
};

describe("a report for scripts", () => {
  test("has one line with exactly these fields for each picture, and the summary last", () => {
    const { lines, output } = recorder();
    const report = jsonReport(output);
    report.settled([item, { ...item, already: true }, failed]);
    report.summary(totals);
    const events = lines.map((line) => JSON.parse(line));
    expect(events[0]).toEqual({
      event: "picture",
      file: "day 1/é.jpg",
      state: "marked",
      reason: null,
      reasonCode: null,
      objectKey: "raw/studio/1.jpg",
      markedKey: "watermarked/studio/1.jpg",
      traceId: "a".repeat(32),
      size: 10,
    });
    expect(events[1].state).toBe("already");
    expect(events[2]).toMatchObject({ state: "failed", reasonCode: "picture.unsupported_heic" });
    expect(events[3]).toEqual({ event: "summary", ...totals, seconds: 61.25 });
  });
});

describe("a report for people", () => {
  test("shows bar, rate and time left on a terminal", () => {
    const { output, statuses } = recorder(true);
    humanReport(output, () => 0).progress(job);
    expect(statuses[0]).toMatch(/^█+░+ {2}602 of 1,204 · 38\.0\/s · 0:47 left · ↑ 92\.0 MB\/s · 2 failed$/);
    expect(statuses[0]!.length).toBeLessThan(80);
  });

  test("writes a line now and then elsewhere", () => {
    const { lines, output } = recorder();
    let now = 0;
    const report = humanReport(output, () => now);
    report.progress(job);
    now = 10_000;
    report.progress(job);
    report.progress(job);
    expect(lines).toHaveLength(1);
  });

  test("names what failed without its control characters, and adds up", () => {
    const { lines, output } = recorder();
    const report = humanReport(output, () => 0);
    report.settled([item, failed]);
    report.summary(totals);
    expect(lines[0]).toBe("  ✗ b�[31m.heic: HEIC pictures cannot be marked yet.");
    expect(lines[1]).toContain("3 pictures found.");
    expect(lines[1]).toMatch(/Sent +1\.5 MB\n +Time +1:01/);
  });

  test("says once what it waits for, and when it goes on", () => {
    const { notices, output } = recorder();
    const report = humanReport(output, () => 0);
    const reason = { code: "unavailable", message: "The server does not answer." } as const;
    for (const each of [null, reason, reason, null, null]) report.waiting(each);
    expect(notices).toEqual(["The server does not answer.", "It goes on."]);
  });
});

test("figures have units and separators", () => {
  expect([0, 999, 1_000, 1_536_000, 123_400_000, 999_999_999].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 KB",
    "1.5 MB",
    "123 MB",
    "1.0 GB",
  ]);
  expect([0, 59.6, 3_661].map(formatSeconds)).toEqual(["0:00", "1:00", "1:01:01"]);
  expect([pictures(1), pictures(1_204)]).toEqual(["1 picture", "1,204 pictures"]);
  expect([bar(0, 4), bar(0.5, 4), bar(2, 4)]).toEqual(["░░░░", "██░░", "████"]);
  expect(printable("a\u0000b")).toBe("a�b");
});
