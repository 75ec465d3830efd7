import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { CoreConnection } from "./core-connection.ts";
import type { FromCore, ToCore } from "./core-messages.ts";

class ScriptedProcess extends EventEmitter {
  readonly pid = 7;
  readonly sent: ToCore[] = [];
  postMessage(message: ToCore): void {
    this.sent.push(message);
  }
  kill(): boolean {
    return true;
  }
  say(message: FromCore): void {
    this.emit("message", message);
  }
}

function connect() {
  const process = new ScriptedProcess();
  const seen: unknown[] = [];
  const connection = new CoreConnection(
    process,
    {
      ready: () => seen.push("ready"),
      event: (message) => seen.push(message),
      child: (message) => seen.push(message),
      exited: (code, error) => seen.push({ code, error }),
    },
    () => new AppError("unavailable", "Gone."),
  );
  return { process, seen, connection };
}
const never = new AbortController().signal;

describe("CoreConnection", () => {
  test("gives each answer to the call that asked for it, in whatever order they come", async () => {
    const { process, connection } = connect();
    const first = connection.call("jobs.list", {}, never);
    const second = connection.asset("thumb/a", never);
    const [one, two] = process.sent as { id: number }[];
    process.say({ type: "asset", id: two!.id, answer: { ok: null } });
    process.say({ type: "answer", id: one!.id, answer: { ok: { jobs: [] } } });
    expect(await first).toEqual({ ok: { jobs: [] } });
    expect(await second).toEqual({ ok: null });
  });

  test("tells the core when a caller gives up, and passes the core's own answer on", async () => {
    const { process, connection } = connect();
    const leaving = new AbortController();
    const call = connection.call("folder.list", { path: "/slow" }, leaving.signal);
    const id = (process.sent[0] as { id: number }).id;
    leaving.abort();
    expect(process.sent.at(-1)).toEqual({ type: "cancel", id });
    process.say({ type: "answer", id, answer: { error: { code: "aborted", message: "Cancelled." } } });
    expect(await call).toMatchObject({ error: { code: "aborted" } });
  });

  test("fails every call in flight, and every later one, when the process ends", async () => {
    const { process, seen, connection } = connect();
    const call = connection.call("jobs.list", {}, never);
    process.emit("exit", 9);
    expect(await call).toMatchObject({ error: { code: "unavailable" } });
    expect(await connection.call("jobs.list", {}, never)).toMatchObject({ error: { code: "unavailable" } });
    expect(seen).toEqual([{ code: 9, error: undefined }]);
    expect(process.sent).toHaveLength(1);
  });

  test("gives the core's own reason when it could not open", async () => {
    const { process, seen, connection } = connect();
    const call = connection.call("jobs.list", {}, never);
    const error = { code: "home.locked", message: "Another Platemark uses this folder." } as const;
    process.say({ type: "failed", error });
    expect(process.sent.at(-1)).toEqual({ type: "close" });
    process.emit("exit", 1);
    expect(await call).toEqual({ error });
    expect(seen).toEqual([{ code: 1, error }]);
  });
});
