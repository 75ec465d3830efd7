import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { fromConnectError } from "#contracts/client.ts";
import { AppError, ERROR_CODES } from "#kernel/errors.ts";
import { ERROR_TABLE, toConnectError } from "./error-table.ts";

/** Connect protocol, "Error codes": HTTP status of each code. */
const HTTP_OF: Record<Code, number> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

describe("the error table", () => {
  test.each(ERROR_CODES)("gives %s the HTTP status of its gRPC code", (code) => {
    expect(ERROR_TABLE[code].http).toBe(HTTP_OF[ERROR_TABLE[code].grpc]);
  });

  test.each(ERROR_CODES)("brings %s to the client and back, with what it may do about it", (code) => {
    const error = new AppError(code, "text", { retry: "backoff" });
    const wire = toConnectError(error);
    expect(wire.code).toBe(ERROR_TABLE[code].grpc);
    expect(fromConnectError(wire)).toMatchObject({ code, retry: "backoff" });
  });

  test("sends half a character as what stands for it: headers could not carry it", () => {
    expect(toConnectError(new AppError("not_found", "a\ud800b")).rawMessage).toBe("a\ufffdb");
  });

  test("keeps what went wrong inside from callers", () => {
    for (const error of [
      new AppError("unauthenticated", "Token refused: expired."),
      new Error("connect ECONNREFUSED 10.0.0.1"),
    ])
      expect(toConnectError(error).rawMessage).not.toMatch(/refused|ECONN/);
  });

  test("reads by the status what carries no code of ours, as the error that would be sent so", () => {
    const codes = Object.values(Code).filter((code) => typeof code === "number");
    /** Nothing of ours is sent with these; the nearest error stands in. */
    const nearest: Partial<Record<Code, Code>> = {
      [Code.Unknown]: Code.Internal,
      [Code.Unimplemented]: Code.Internal,
      [Code.DataLoss]: Code.Internal,
      [Code.OutOfRange]: Code.InvalidArgument,
      [Code.FailedPrecondition]: Code.Aborted,
    };
    for (const code of codes) {
      const read = fromConnectError(new ConnectError("x", code));
      expect([Code[code], Code[toConnectError(read).code]]).toEqual([
        Code[code],
        Code[nearest[code] ?? code],
      ]);
    }
    const offline = new ConnectError(
      "fetch failed",
      Code.Unknown,
      undefined,
      undefined,
      new TypeError("fetch failed"),
    );
    expect(fromConnectError(offline)).toMatchObject({ code: "unavailable", retry: "backoff" });
    expect(fromConnectError(new ConnectError("x", Code.Unauthenticated)).retry).toBe("reauth");
  });
});
