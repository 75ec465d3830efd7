import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { MessageChannelMain, type MessagePortMain, utilityProcess } from "electron";
import type { ChildEntry } from "../../studio/ports/child-process.ts";
import type { CoreProcess } from "./core-connection.ts";
import type { CoreChild } from "./core-supervisor.ts";

/** The programs built beside this one. */
const ENTRIES: Readonly<Record<ChildEntry, string>> = {
  worker: "worker-main.js",
  previews: "previews-main.js",
};
const NAMES: Readonly<Record<ChildEntry, string>> = {
  worker: "Platemark worker",
  previews: "Platemark previews",
};

/** @param folder where the bundles are */
export function forkCore(folder: string): CoreProcess<MessagePortMain> {
  return utilityProcess.fork(join(folder, "core-process.js"), [], { serviceName: "Platemark core" });
}

export interface ChildOptions {
  /** Where the bundles are. */
  readonly folder: string;
  /** Where children may put temporary files; made when it is missing. */
  readonly tempFolder: string;
}

/** Starts a child of the core; its first message brings its end of a channel, whose other end is for the core. Settings
 *  reach it by that channel alone, so it inherits none. */
export function forkChild(
  { folder, tempFolder }: ChildOptions,
  entry: ChildEntry,
): CoreChild<MessagePortMain> {
  mkdirSync(tempFolder, { recursive: true, mode: 0o700 });
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PLATEMARK_"));
  const child = utilityProcess.fork(join(folder, ENTRIES[entry]), [], {
    serviceName: NAMES[entry],
    env: { ...Object.fromEntries(inherited), TMPDIR: tempFolder, TEMP: tempFolder, TMP: tempFolder },
  });
  const { port1, port2 } = new MessageChannelMain();
  child.postMessage({ type: "connect" }, [port2]);
  return {
    get pid() {
      return child.pid;
    },
    port: port1,
    onSpawn: (listener) => void child.once("spawn", listener),
    onExit: (listener) => void child.once("exit", listener),
    kill: () => void child.kill(),
  };
}
