import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { watchSystem } from "./system-events.ts";

function watch() {
  const power = new EventEmitter();
  const heard: string[] = [];
  const state = { online: true, look: () => {} };
  watchSystem(
    {
      power,
      isOnline: () => state.online,
      every: (_ms, look) => {
        state.look = look;
      },
    },
    (event) => heard.push(event),
  );
  return { power, heard, state };
}

describe("watchSystem", () => {
  test("tells of the network's going and coming once each", () => {
    const { heard, state } = watch();
    state.look();
    state.online = false;
    state.look();
    state.look();
    state.online = true;
    state.look();
    expect(heard).toEqual(["offline", "online"]);
  });

  test("looks at the network as soon as the machine wakes", () => {
    const { power, heard, state } = watch();
    power.emit("suspend");
    state.online = false;
    power.emit("resume");
    expect(heard).toEqual(["suspend", "resume", "offline"]);
  });
});
