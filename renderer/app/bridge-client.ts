import type {
  Answer,
  CoreClient,
  Response as CoreResponse,
  EventPayload,
  WindowBridge,
} from "#contracts/ipc.ts";
import { AppError } from "#kernel/errors.ts";
import { unwrap } from "./answers.ts";

/** The core behind the desktop app's preload bridge. Dropped things stay where they are: their paths are imported. */
export function createBridgeClient(bridge: WindowBridge): CoreClient {
  const client: CoreClient = {
    async call(channel, request) {
      return unwrap((await bridge.call(channel, request)) as Answer<CoreResponse<typeof channel>>);
    },
    on: (event, listener) => bridge.on(event, (payload) => listener(payload as EventPayload<typeof event>)),
    onConnection(listener) {
      let heard = false;
      const stop = client.on("connection.changed", ({ connected }) => {
        heard = true;
        listener(connected);
      });
      // The core may have come up before this window listened: an answer says so as well.
      bridge.call("app.info", {}).then(
        (answer) => !heard && "ok" in answer && listener(true),
        () => {},
      );
      return stop;
    },
    drops: "paths",
    async drop(files, { signal, onProgress, ...mark } = {}) {
      let last: { readonly jobId: string } | null = null;
      for (const [index, { file }] of files.entries()) {
        signal?.throwIfAborted();
        const path = bridge.pathForFile(file);
        if (path === "")
          throw new AppError(
            "invalid_argument",
            "What was dropped is not on this disk. Save it first, then drop it.",
          );
        last = await client.call("import.start", { path, ...mark });
        onProgress?.(index + 1);
      }
      if (last === null) throw new AppError("invalid_argument", "Nothing was dropped.");
      return last;
    },
  };
  return client;
}
