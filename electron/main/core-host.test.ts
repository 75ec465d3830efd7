import { describe, expect, test } from "vitest";
import { settingsSchema } from "#contracts/settings.ts";
import { AppError } from "#kernel/errors.ts";
import { ScriptedCore } from "../../test/fakes/window-core.ts";
import { hostCore, type OpenContext, type OpenedCore } from "./core-host.ts";
import type { FromCore, ToCore } from "./core-messages.ts";
import type { ChildPort } from "./remote-children.ts";

const settings = settingsSchema.parse({ home: "/home/studio/.platemark" });

class ScriptedPort {
  readonly sent: FromCore[] = [];
  #listener: (message: ToCore, ports: readonly ChildPort[]) => void = () => {};
  #watchers: (() => void)[] = [];

  post = (message: FromCore) => {
    this.sent.push(message);
    for (const watcher of this.#watchers.splice(0)) watcher();
  };
  onMessage = (listener: (message: ToCore, ports: readonly ChildPort[]) => void) => {
    this.#listener = listener;
  };
  say(message: ToCore, ...ports: ChildPort[]): void {
    this.#listener(message, ports);
  }
  async until<T extends FromCore["type"]>(type: T): Promise<Extract<FromCore, { type: T }>> {
    for (;;) {
      const found = this.sent.find((message) => message.type === type);
      if (found) return found as Extract<FromCore, { type: T }>;
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }
}

function host(overrides: Partial<OpenedCore> = {}, open?: (context: OpenContext) => Promise<OpenedCore>) {
  const port = new ScriptedPort();
  const exit = Promise.withResolvers<number>();
  const core = new ScriptedCore();
  let given: OpenContext | undefined;
  const opened: OpenedCore = {
    core,
    onSystemEvent: () => {},
    [Symbol.asyncDispose]: async () => {},
    ...overrides,
  };
  hostCore({
    port,
    exit: exit.resolve,
    open: (_settings, context) => {
      given = context;
      return open ? open(context) : Promise.resolve(opened);
    },
  });
  return { port, core, exited: exit.promise, spawn: () => given!.spawnChild };
}

describe("hostCore", () => {
  test("lets a call that comes before the core is open wait for it", async () => {
    const opening = Promise.withResolvers<OpenedCore>();
    const { port, core } = host({}, () => opening.promise);
    port.say({ type: "open", settings });
    port.say({ type: "call", id: 1, channel: "jobs.list", request: {} });
    expect(port.sent).toEqual([]);
    opening.resolve({ core, onSystemEvent() {}, [Symbol.asyncDispose]: async () => {} });
    expect(await port.until("answer")).toEqual({ type: "answer", id: 1, answer: { ok: { jobs: [] } } });
  });

  test("answers a failure with its code and words alone", async () => {
    const { port } = host();
    port.say({ type: "open", settings });
    port.say({ type: "call", id: 1, channel: "import.cancel", request: { jobId: "none" } });
    expect((await port.until("answer")).answer).toEqual({
      error: { code: "not_found", message: "There is no such import.", details: {} },
    });
  });

  test("passes the core's events on", async () => {
    const { port } = host();
    port.say({ type: "open", settings });
    port.say({ type: "call", id: 1, channel: "import.samples", request: {} });
    expect(await port.until("event")).toMatchObject({
      event: "job.changed",
      payload: { job: { found: 24 } },
    });
  });

  test("sends a picture's bytes, and null where there is none", async () => {
    const { port } = host();
    port.say({ type: "open", settings });
    port.say({ type: "asset", id: 5, path: "thumb/none" });
    expect(await port.until("asset")).toEqual({ type: "asset", id: 5, answer: { ok: null } });
  });

  test("fires the signal of a call that nobody waits for any more", async () => {
    const core = new ScriptedCore();
    const list = core.handlers["folder.list"];
    const begun = Promise.withResolvers<void>();
    const waiting = {
      ...core.handlers,
      "folder.list": (_request: unknown, { signal }: { signal: AbortSignal }) => {
        begun.resolve();
        return new Promise<Awaited<ReturnType<typeof list>>>((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      },
    };
    const { port } = host({
      core: { handlers: waiting, subscribe: () => () => {}, asset: async () => null },
    });
    port.say({ type: "open", settings });
    port.say({ type: "call", id: 1, channel: "folder.list", request: { path: null } });
    await begun.promise;
    port.say({ type: "cancel", id: 1 });
    expect((await port.until("answer")).answer).toMatchObject({ error: { code: "aborted" } });
  });

  test("says why the core could not open, and ends when it was heard", async () => {
    const { port, exited } = host({}, () =>
      Promise.reject(new AppError("home.locked", "Another Platemark uses this folder.")),
    );
    port.say({ type: "open", settings });
    expect(await port.until("failed")).toMatchObject({ error: { code: "home.locked" } });
    port.say({ type: "close" });
    expect(await exited).toBe(0);
  });

  test("fails calls with what the opening waits for, while it waits", async () => {
    const opening = Promise.withResolvers<OpenedCore>();
    const { port, core } = host({}, ({ onTrouble }) => {
      onTrouble(new AppError("store.unreachable", "The store does not answer."));
      return opening.promise.finally(() => onTrouble(null));
    });
    port.say({ type: "open", settings });
    port.say({ type: "call", id: 1, channel: "jobs.list", request: {} });
    expect((await port.until("answer")).answer).toMatchObject({ error: { code: "store.unreachable" } });
    opening.resolve({ core, onSystemEvent() {}, [Symbol.asyncDispose]: async () => {} });
    await port.until("ready");
    port.sent.length = 0;
    port.say({ type: "call", id: 2, channel: "jobs.list", request: {} });
    expect((await port.until("answer")).answer).toEqual({ ok: { jobs: [] } });
  });

  test("gives the opening up when it is closed meanwhile", async () => {
    const { port, exited } = host(
      {},
      ({ signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    port.say({ type: "open", settings });
    port.say({ type: "close" });
    expect(await exited).toBe(0);
  });

  test("closes the core before it ends", async () => {
    const steps: string[] = [];
    const { port, exited } = host({
      [Symbol.asyncDispose]: async () => {
        await Promise.resolve();
        steps.push("closed");
      },
    });
    port.say({ type: "open", settings });
    await port.until("ready");
    port.say({ type: "close" });
    expect(await exited).toBe(0);
    expect(steps).toEqual(["closed"]);
  });

  test("tells the core of sleep and network", async () => {
    const heard = Promise.withResolvers<string>();
    const { port } = host({ onSystemEvent: heard.resolve });
    port.say({ type: "open", settings });
    port.say({ type: "system", event: "resume" });
    expect(await heard.promise).toBe("resume");
  });

  test("keeps what the core tells a child until the child is there", async () => {
    const { port, spawn } = host();
    port.say({ type: "open", settings });
    await port.until("ready");
    const child = spawn()("worker");
    child.postMessage({ settings: "first" });
    const { id, entry } = await port.until("child.spawn");
    expect(entry).toBe("worker");

    const sent: unknown[] = [];
    let listen: (event: { readonly data: unknown }) => void = () => {};
    const childPort: ChildPort = {
      on: (_event, listener) => {
        listen = listener;
      },
      postMessage: (message) => sent.push(message),
      start() {},
      close() {},
    };
    port.say({ type: "child.started", id, pid: 12 }, childPort);
    expect(sent).toEqual([{ settings: "first" }]);
    expect(child.pid).toBe(12);

    const heard: unknown[] = [];
    child.onMessage((message) => heard.push(message));
    child.onExit((code) => heard.push({ code }));
    listen({ data: "marked" });
    port.say({ type: "child.exited", id, code: 3 });
    expect(heard).toEqual(["marked", { code: 3 }]);
  });
});
