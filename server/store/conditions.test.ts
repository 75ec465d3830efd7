import { describe, expect, test } from "vitest";
import { checkRead, checkWrite } from "./conditions.ts";

const target = { etag: "abc", modifiedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
const at = "Fri, 02 Jan 2026 03:04:05 GMT";
const before = "Fri, 02 Jan 2026 03:04:04 GMT";

describe("the conditions of a read", () => {
  test.each([
    [{}, "send"],
    [{ "if-match": '"abc"' }, "send"],
    [{ "if-match": '"x", "abc"' }, "send"],
    [{ "if-match": "*" }, "send"],
    [{ "if-none-match": '"abc"' }, "not-modified"],
    [{ "if-none-match": 'W/"abc"' }, "not-modified"],
    [{ "if-none-match": '"x"' }, "send"],
    [{ "if-modified-since": at }, "not-modified"],
    [{ "if-modified-since": before }, "send"],
    [{ "if-unmodified-since": at }, "send"],
    [{ "if-match": '"abc"', "if-unmodified-since": before }, "send"],
    [{ "if-none-match": '"x"', "if-modified-since": at }, "send"],
    [{ "if-modified-since": "junk" }, "send"],
  ])("%j: %s", (headers, expected) => {
    expect(checkRead(headers, target)).toBe(expected);
  });

  test.each([{ "if-match": '"x"' }, { "if-unmodified-since": before }])("%j fails", (headers) => {
    expect(() => checkRead(headers, target)).toThrow(expect.objectContaining({ code: "PreconditionFailed" }));
  });
});

describe("the conditions of a write", () => {
  test.each([
    [{ "if-none-match": "*" }, null, null],
    [{ "if-none-match": "*" }, target, "PreconditionFailed"],
    [{ "if-match": '"abc"' }, target, null],
    [{ "if-match": '"x"' }, target, "PreconditionFailed"],
    [{ "if-match": '"abc"' }, null, "NoSuchKey"],
  ] as const)("%j on %j: %s", (headers, current, code) => {
    if (code === null) expect(() => checkWrite(headers, current)).not.toThrow();
    else expect(() => checkWrite(headers, current)).toThrow(expect.objectContaining({ code }));
  });
});
