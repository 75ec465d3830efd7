import { describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { createPinoLogger } from "./pino-logger.ts";

function logged(fields: Record<string, unknown>): string {
  const lines: string[] = [];
  const logger = createPinoLogger({ level: "debug", stream: { write: (line) => void lines.push(line) } });
  logger.child(fields).info("thing.done", fields);
  return lines.join("");
}

describe("the log", () => {
  test("has an event, a level and fields", () => {
    expect(JSON.parse(logged({ size: 3, traceId: "t", ok: true }))).toMatchObject({
      event: "thing.done",
      size: 3,
      traceId: "t",
      ok: true,
    });
  });

  test.each<[string, Record<string, unknown>]>([
    [
      "named fields",
      {
        secretKey: "hush",
        token: "hush",
        authorization: "hush",
        accessKey: "hush",
        tokenSecret: "hush",
        proofKey: "hush",
      },
    ],
    ["nested fields", { settings: { store: { secretKey: "hush" }, list: [{ password: "hush" }] } }],
    ["the query of a URL", { url: "https://s3.example/b/k?X-Amz-Signature=hush&x=1" }],
    ["the user info of a URL", { url: "postgres://me:hush@db.example/x" }],
    ["a bearer token in a text", { reason: "sent Bearer hush" }],
    ["a JSON web token in a text", { reason: "got eyJhbGciOiJIUzI1NiJ9.hush.hush-signature" }],
    ["an authorization header in a text", { reason: "AWS4-HMAC-SHA256 Credential=hush/2026,Signature=hush" }],
    ["an error", { cause: new AppError("internal", "https://x.example/?hush") }],
  ])("drops secrets in %s", (_where, fields) => {
    expect(logged(fields)).not.toContain("hush");
  });

  test("writes a field once, a line's own before that of its logger", () => {
    const lines: string[] = [];
    const logger = createPinoLogger({ level: "info", stream: { write: (line) => void lines.push(line) } });
    logger.child({ traceId: "request", requestId: "r" }).info("a.b", { traceId: "picture" });
    expect(lines[0]!.match(/traceId/g)).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ traceId: "picture", requestId: "r" });
  });

  test("keeps silent below its level", () => {
    const lines: string[] = [];
    const logger = createPinoLogger({ level: "warn", stream: { write: (line) => void lines.push(line) } });
    logger.info("a.b");
    logger.debug("a.b");
    logger.error("c.d");
    expect(lines).toHaveLength(1);
  });
});
