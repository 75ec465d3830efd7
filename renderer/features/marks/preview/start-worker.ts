import { AppError } from "#kernel/errors.ts";
import type { DrawAnswer } from "./draw-messages.ts";
import { OverlayClient } from "./overlay-client.ts";
import workerUrl from "./overlay-worker.ts?worker&url";

/** The page demands Trusted Types for scripts where the shell says so; this is the one script that is started by URL. */
function trusted(url: string): string {
  const policy = window.trustedTypes?.createPolicy("platemark-worker", {
    createScriptURL: (value) => {
      if (value !== url) throw new TypeError("Only the window's own worker may be started.");
      return value;
    },
  });
  return (policy?.createScriptURL(url) as string | undefined) ?? url;
}

/** Starts the worker that draws marks. @param onBroken told when it cannot, or has stopped. */
export function startOverlayWorker(onBroken: (error: AppError) => void): {
  readonly client: OverlayClient;
  readonly stop: () => void;
} {
  const worker = new Worker(trusted(workerUrl), { type: "module", name: "platemark-marks" });
  const broken = (reason: string) =>
    onBroken(new AppError("internal", `The preview has stopped: ${reason}. Load the window again.`));
  worker.addEventListener("error", (event) => broken(event.message || "its worker could not be started"));
  const client = new OverlayClient({
    postMessage: (message) => worker.postMessage(message),
    onAnswer: (listener) =>
      worker.addEventListener(
        "message",
        ({ data }: MessageEvent<DrawAnswer | { readonly broken: string }>) =>
          "broken" in data ? broken(data.broken) : listener(data),
      ),
  });
  return { client, stop: () => worker.terminate() };
}
