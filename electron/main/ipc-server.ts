import { type IpcMainInvokeEvent, ipcMain } from "electron";
import { type Answer, type Channel, channels, type Response } from "#contracts/ipc.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { APP_ORIGIN } from "./app-protocol.ts";

export interface IpcServerDeps {
  readonly call: (channel: Channel, request: unknown, signal: AbortSignal) => Promise<Answer<unknown>>;
  /** The system's own dialog over the asking window. */
  readonly chooseFolder: (asking: Electron.WebContents) => Promise<Response<"folder.choose">>;
  /** True for the contents of a window that this program opened. */
  readonly isOurs: (contents: Electron.WebContents) => boolean;
  readonly logger: Logger;
}

/**
 * The only door from a window into the program: every channel of the contract and no other. A call is answered only
 * when it comes from the main frame of one of our windows with our own page in it, and its request fits the schema.
 */
export function serveIpc(deps: IpcServerDeps): void {
  const abandoned = new WeakMap<Electron.WebContents, AbortController>();
  for (const channel of Object.keys(channels) as Channel[])
    ipcMain.handle(channel, async (event, request: unknown): Promise<Answer<unknown>> => {
      if (!isTrusted(event, deps.isOurs)) {
        deps.logger.warn("ipc.refused", { channel, origin: event.senderFrame?.origin ?? "gone" });
        return refuse("permission_denied", "This page may not use Platemark.");
      }
      const parsed = channels[channel].request.safeParse(request);
      if (!parsed.success)
        return refuse(
          "invalid_argument",
          `${channel}: ${parsed.error.issues[0]?.message ?? "wrong request"}`,
        );
      if (channel === "folder.choose") return settle(() => deps.chooseFolder(event.sender));
      // A query is for the page that asked; a command goes on when its window is closed.
      const signal =
        channels[channel].kind === "query" ? leaving(event.sender, abandoned) : new AbortController().signal;
      return deps.call(channel, parsed.data, signal);
    });
}

function isTrusted({ sender, senderFrame }: IpcMainInvokeEvent, isOurs: IpcServerDeps["isOurs"]): boolean {
  return (
    senderFrame !== null && // The frame has gone or was navigated since.
    senderFrame.parent === null &&
    senderFrame.origin === APP_ORIGIN &&
    isOurs(sender)
  );
}

/** Fires when the page that is in the window now goes away. */
function leaving(
  sender: Electron.WebContents,
  abandoned: WeakMap<Electron.WebContents, AbortController>,
): AbortSignal {
  const known = abandoned.get(sender);
  if (known) return known.signal;
  const controller = new AbortController();
  abandoned.set(sender, controller);
  const leave = () => {
    abandoned.delete(sender);
    controller.abort(new AppError("aborted", "The window was closed."));
    sender.off("destroyed", leave);
    sender.off("render-process-gone", leave);
    sender.off("did-navigate", leave);
  };
  sender.on("destroyed", leave);
  sender.on("render-process-gone", leave);
  sender.on("did-navigate", leave);
  return controller.signal;
}

async function settle<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: await work() };
  } catch (error) {
    return { error: toErrorBody(error) };
  }
}

function refuse(code: "permission_denied" | "invalid_argument", message: string): Answer<never> {
  return { error: { code, message } };
}
