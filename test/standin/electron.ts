/**
 * A stand-in for the `electron` module. It is not Electron: it runs the real main, preload and renderer bundles with
 * Node and a Chromium of the system, so that most of what they do together can be tested on machines without
 * Electron's binary. It has no isolated worlds, no sandboxed preload, no asar and no native windows; what it shows is
 * that the program's own wiring is right, never that Electron's protections hold. `electron-real.test.ts` is for that.
 */
export { app } from "./app.ts";
export { BrowserWindow } from "./browser-window.ts";
export { ipcMain } from "./ipc-main.ts";
export { MessageChannelMain, MessagePortMain } from "./message-ports.ts";
export { dialog, Menu, nativeTheme, net, powerMonitor, protocol, screen, session, shell } from "./system.ts";
export { utilityProcess } from "./utility-process.ts";
