/**
 * The script that draws marks in the window's background is the only one that may compile WebAssembly. It has a policy
 * of its own, so that the page does not get that right: a worker obeys what its own script was served with.
 */
const DRAWING_WORKER = /^\/?assets\/overlay-worker-[\w-]+\.js$/;

const WORKER_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "base-uri 'none'",
].join("; ");

/** The policy of a file of the window; `null`: the page's own. @param path below the window's root */
export function ownPolicyOf(path: string): string | null {
  return DRAWING_WORKER.test(path) ? WORKER_POLICY : null;
}
