/// <reference types="vite/client" />

interface Window {
  /** The preload bridge; only where the desktop app shows the window. */
  readonly platemark?: import("#contracts/ipc.ts").WindowBridge;
}
