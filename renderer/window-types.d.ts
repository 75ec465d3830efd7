/// <reference types="vite/client" />

interface Window {
  /** The preload bridge; only where the desktop app shows the window. */
  readonly platemark?: import("#contracts/ipc.ts").WindowBridge;
}

/** Trusted Types, as far as the window uses them. */
interface TrustedScriptUrlPolicy {
  createScriptURL(url: string): unknown;
}
interface Window {
  readonly trustedTypes?: {
    createPolicy(name: string, rules: { createScriptURL(url: string): string }): TrustedScriptUrlPolicy;
  };
}
