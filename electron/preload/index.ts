import { contextBridge, ipcRenderer, webUtils } from "electron";
import { isChannel, isEventName, type WindowBridge } from "#contracts/ipc.ts";
import { EVENTS_CHANNEL, type WindowEvent } from "#contracts/window-events.ts";

/** The only door between the sandboxed page and the program: the contract's calls and events, and nothing else. */
const listeners = new Map<string, Set<(payload: unknown) => void>>();

ipcRenderer.on(EVENTS_CHANNEL, (_event, batch: readonly WindowEvent[]) => {
  for (const { event, payload } of batch)
    for (const listener of listeners.get(event) ?? []) listener(payload);
});

const bridge: WindowBridge = {
  call(channel, request) {
    if (!isChannel(channel))
      throw new TypeError("The window asked for something that Platemark does not know.");
    return ipcRenderer.invoke(channel, request);
  },
  on(event, listener) {
    if (!isEventName(event))
      throw new TypeError("The window listens for something that Platemark does not send.");
    const known = listeners.get(event) ?? new Set();
    listeners.set(event, known);
    // A wrapper, so that a function that subscribes twice gets two subscriptions.
    const own = (payload: unknown) => listener(payload);
    known.add(own);
    return () => {
      known.delete(own);
    };
  },
  pathForFile: (file) => webUtils.getPathForFile(file),
};

contextBridge.exposeInMainWorld("platemark", bridge);
