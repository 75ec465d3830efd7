import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { readClientMessage } from "./client-message.ts";
import { headerFrame, MAX_HEADER_BLOCK_BYTES, parseHeaderBlock } from "./header-block.ts";

/** More of them: PLATEMARK_FUZZ=1000000. */
const RUNS = Number(process.env.PLATEMARK_FUZZ ?? 500);
const TIMEOUT_MS = 30_000 + 10 * RUNS;
const parse = (text: string) => [...parseHeaderBlock(Buffer.from(text, "latin1"))];

describe("the first message of a call over a websocket", () => {
  test("is lines of headers", () => {
    expect(parse("content-type: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\n")).toEqual([
      ["content-type", "application/grpc-web+proto"],
      ["x-grpc-web", "1"],
    ]);
    expect(parse("a:1\r\na: 2 ")).toEqual([["a", "1, 2"]]);
    expect(parse("empty:\r\n")).toEqual([["empty", ""]]);
    expect(parse("")).toEqual([]);
  });

  test.each([
    ["a line without a colon", "nonsense\r\n"],
    ["an empty name", ": x\r\n"],
    ["a line feed alone", "a: 1\nb: 2\r\n"],
    ["a character that is no ASCII", "a: é\r\n"],
    ["a control character", "a: \0\r\n"],
    ["too many lines", "a: 1\r\n".repeat(101)],
    ["too many bytes", `a: ${"x".repeat(MAX_HEADER_BLOCK_BYTES)}`],
  ])("is refused for %s", (_, text) => {
    expect(() => parse(text)).toThrow(AppError);
  });

  test(
    "reads what was written",
    () => {
      const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
      const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
      fc.assert(
        fc.property(
          fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 20 }),
          (headers) => {
            const frame = headerFrame(headers);
            expect(frame[0]).toBe(0x80);
            expect([...parseHeaderBlock(frame.subarray(5))]).toEqual(headers);
          },
        ),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );

  test(
    "is refused or read, and nothing else happens, whatever comes",
    () => {
      const noise = fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.string().map((text) => Buffer.from(text)),
      );
      fc.assert(
        fc.property(noise, (bytes) => {
          for (const read of [parseHeaderBlock, readClientMessage])
            try {
              read(bytes);
            } catch (error) {
              expect(error).toMatchObject({ code: "invalid_argument" });
            }
        }),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );
});

describe("later messages", () => {
  test("are data, or the end", () => {
    expect(readClientMessage(Uint8Array.of(0, 1, 2))).toEqual(Uint8Array.of(1, 2));
    expect(readClientMessage(Uint8Array.of(0))).toHaveLength(0);
    expect(readClientMessage(Uint8Array.of(1))).toBeNull();
    for (const wrong of [[], [1, 0], [2], [255, 1]])
      expect(() => readClientMessage(Uint8Array.from(wrong))).toThrow(AppError);
  });
});
