/** The renderer's half of the stand-in, with the real preload bundle inside it, as a script that runs first in a page. */
export function preloadScript(preload: string): string {
  return `(() => {
    if (globalThis !== globalThis.top) return;
    const listeners = new Map();
    const invoke = globalThis.__standinInvoke;
    globalThis.__standinDeliver = (channel, args) => {
      for (const listener of listeners.get(channel) ?? []) listener({}, ...args);
    };
    const electron = {
      contextBridge: {
        exposeInMainWorld(name, api) {
          Object.defineProperty(globalThis, name, { value: Object.freeze(api) });
        },
      },
      ipcRenderer: {
        invoke: (channel, ...args) => invoke(channel, args),
        on(channel, listener) { listeners.set(channel, [...(listeners.get(channel) ?? []), listener]); },
      },
      webUtils: { getPathForFile: (file) => file.standinPath ?? "" },
    };
    const require = (name) => {
      if (name === "electron") return electron;
      throw new Error("module not found: " + name);
    };
    ((require, module, exports) => {
${preload}
    })(require, { exports: {} }, {});
  })();`;
}
