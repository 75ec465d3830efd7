import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { type Settings, settingsSchema } from "#contracts/settings.ts";
import { silentLogger } from "#kernel/logger.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import type { FromCore, ToCore } from "./core-messages.ts";
import { CoreSupervisor } from "./core-supervisor.ts";

const settings: Settings = settingsSchema.parse({ home: "/home/studio/.platemark" });
const never = new AbortController().signal;

class ScriptedProcess extends EventEmitter {
  readonly pid = 7;
  readonly sent: { readonly message: ToCore; readonly ports: readonly string[] }[] = [];
  postMessage(message: ToCore, ports: string[] = []): void {
    this.sent.push({ message, ports });
  }
  kill(): boolean {
    this.emit("exit", 137);
    return true;
  }
  say(message: FromCore): void {
    this.emit("message", message);
  }
}

class ScriptedChild extends EventEmitter {
  readonly pid = 8;
  readonly port = "the core's end";
  killed = false;
  onSpawn = (listener: () => void) => void this.on("spawn", listener);
  onExit = (listener: (code: number) => void) => void this.on("exit", listener);
  kill(): void {
    this.killed = true;
  }
}

function supervise() {
  const clock = new FakeClock();
  const cores: ScriptedProcess[] = [];
  const children: ScriptedChild[] = [];
  const connections: boolean[] = [];
  const supervisor = new CoreSupervisor<string>({
    forkCore: () => {
      cores.push(new ScriptedProcess());
      return cores.at(-1)!;
    },
    forkChild: () => {
      children.push(new ScriptedChild());
      return children.at(-1)!;
    },
    settings,
    clock,
    random: { uuid: () => "", float: () => 1 },
    logger: silentLogger,
    onEvent: () => {},
    onConnection: (connected) => connections.push(connected),
  });
  supervisor.start();
  return { clock, cores, children, connections, supervisor };
}

describe("CoreSupervisor", () => {
  test("opens the core with the settings, and says when it answers", () => {
    const { cores, connections } = supervise();
    expect(cores[0]!.sent[0]!.message).toEqual({ type: "open", settings });
    expect(connections).toEqual([]);
    cores[0]!.say({ type: "ready" });
    expect(connections).toEqual([true]);
  });

  test("starts a core that died again, after longer and longer waits", async () => {
    const { clock, cores, connections } = supervise();
    cores[0]!.say({ type: "ready" });
    const waits: (number | null)[] = [];
    for (let crash = 0; crash < 4; crash += 1) {
      cores.at(-1)!.emit("exit", 9);
      await clock.whenSleeping();
      waits.push(clock.nextWakeMs);
      await clock.advance(clock.nextWakeMs!);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000]);
    expect(cores).toHaveLength(5);
    expect(connections).toEqual([true, false]);
  });

  test("begins with the shortest wait again after a core that lived for long", async () => {
    const { clock, cores } = supervise();
    for (let crash = 0; crash < 3; crash += 1) {
      cores.at(-1)!.emit("exit", 9);
      await clock.whenSleeping();
      await clock.advance(clock.nextWakeMs!);
    }
    await clock.advance(61_000);
    cores.at(-1)!.emit("exit", 9);
    await clock.whenSleeping();
    expect(clock.nextWakeMs).toBe(500);
  });

  test("answers with the core's reason while there is no core", async () => {
    const { cores, supervisor } = supervise();
    cores[0]!.say({ type: "failed", error: { code: "home.locked", message: "In use." } });
    cores[0]!.emit("exit", 1);
    expect(await supervisor.call("jobs.list", {}, never)).toMatchObject({ error: { code: "home.locked" } });
    await expect(supervisor.asset("thumb/a", never)).rejects.toMatchObject({ code: "home.locked" });
  });

  test("hands a new child's channel to the core, and tells of the child's end", () => {
    const { cores, children } = supervise();
    const [core] = cores;
    core!.say({ type: "child.spawn", id: 3, entry: "worker" });
    children[0]!.emit("spawn");
    expect(core!.sent.at(-1)).toEqual({
      message: { type: "child.started", id: 3, pid: 8 },
      ports: ["the core's end"],
    });
    children[0]!.emit("exit", 5);
    expect(core!.sent.at(-1)!.message).toEqual({ type: "child.exited", id: 3, code: 5 });
  });

  test("ends the children of a core that died", () => {
    const { cores, children } = supervise();
    cores[0]!.say({ type: "child.spawn", id: 1, entry: "previews" });
    cores[0]!.emit("exit", 9);
    expect(children[0]!.killed).toBe(true);
  });

  test("closes the core, waits for its end, and starts none again", async () => {
    const { clock, cores, supervisor } = supervise();
    const closed = supervisor.close();
    expect(cores[0]!.sent.at(-1)!.message).toEqual({ type: "close" });
    expect(await supervisor.call("jobs.list", {}, never)).toMatchObject({ error: { code: "unavailable" } });
    cores[0]!.emit("exit", 0);
    await closed;
    await clock.advance(120_000);
    expect(cores).toHaveLength(1);
  });

  test("kills a core that does not close in time", async () => {
    const { clock, cores, supervisor } = supervise();
    let code: number | undefined;
    cores[0]!.on("exit", (status) => {
      code = status;
    });
    const closed = supervisor.close();
    await clock.advance(14_999);
    expect(code).toBeUndefined();
    await clock.advance(1);
    await closed;
    expect(code).toBe(137);
  });

  test("does not start a core again that dies while the program waits to start it", async () => {
    const { clock, cores, supervisor } = supervise();
    cores[0]!.emit("exit", 9);
    await clock.whenSleeping();
    await supervisor.close();
    await clock.advance(120_000);
    expect(cores).toHaveLength(1);
  });
});
