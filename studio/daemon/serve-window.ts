import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { WindowCore } from "#contracts/ipc.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { DropEndpoint, type DropLimits } from "./drop-endpoint.ts";
import { EventStream, type EventStreamOptions } from "./event-stream.ts";
import { readJson, sendError, sendJson, sendText, setSecurityHeaders } from "./http-answers.ts";
import { serveIpc } from "./ipc-endpoint.ts";
import { createRequestGuard } from "./request-guard.ts";
import { createSessions } from "./sessions.ts";
import { openStaticFiles } from "./static-files.ts";

export interface ServeWindowOptions extends EventStreamOptions, DropLimits {
  readonly core: WindowCore;
  readonly logger: Logger;
  /** The built window: `out/renderer`. */
  readonly staticDir: string;
  /** Where dropped files go: `<home>/inbox`. */
  readonly inboxDir: string;
  /** 0: any free one. @default 0 */
  readonly port?: number;
}

export interface ServedWindow {
  /** A link that opens one browser, once. */
  readonly url: string;
  /** A further such link, for a second browser or when the first was lost. */
  newLink(): string;
  close(): Promise<void>;
}

/** Serves the window to browsers of this computer: 127.0.0.1 only.
 *  @throws AppError `config.invalid` (the window is not built), `unavailable` (the port is taken) */
export async function serveWindow(options: ServeWindowOptions): Promise<ServedWindow> {
  const { core, logger } = options;
  const files = await openStaticFiles(options.staticDir);
  const events = new EventStream(core, options);
  const drops = new DropEndpoint({ core }, options);
  const closing = new AbortController();
  const server = createServer({ requestTimeout: 0, headersTimeout: 10_000, maxHeaderSize: 16 * 1024 });
  await drops.start();
  const port = await listen(server, options.port ?? 0);
  const guard = createRequestGuard(port);
  const sessions = createSessions(port);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    setSecurityHeaders(response);
    const refused = guard.refuse(request);
    if (refused !== null) {
      logger.warn("request.refused", { reason: refused });
      return sendText(response, 403, "Platemark answers its own window only.");
    }
    const path = (request.url ?? "/").split("?", 1)[0]!;
    const [, room = "", ...rest] = path.split("/");
    const method = request.method ?? "";
    const reads = method === "GET" || method === "HEAD";

    if (room === "open" && reads) return open(rest.join("/"), request, response);
    if (reads && (await files.serve(path, request, response))) return;
    if (!["ipc", "events", "drop", ...ASSET_ROOMS].includes(room))
      return sendText(response, 404, "There is nothing here.");
    if (!sessions.holds(request))
      return sendError(
        response,
        401,
        new AppError(
          "unauthenticated",
          "This window's session has ended. Open the link that Platemark shows now.",
        ),
      );
    if (room === "ipc" && method === "POST" && rest.length === 1)
      return serveIpc({ core, logger, closing: closing.signal }, rest[0]!, request, response);
    if (room === "events" && method === "GET") return events.serve(request, response);
    if (ASSET_ROOMS.includes(room) && method === "GET") return asset(path.slice(1), response);
    if (room === "drop") return drop(method, rest, request, response);
    response.setHeader("allow", room === "ipc" ? "POST" : "GET");
    sendText(response, 405, "Not in this way.");
  };

  const open = (secret: string, request: IncomingMessage, response: ServerResponse): void => {
    const cookie = sessions.exchange(secret);
    if (cookie === null && !sessions.holds(request)) {
      sendText(response, 410, LINK_IS_SPENT);
      return;
    }
    if (cookie !== null) response.setHeader("set-cookie", cookie);
    response.writeHead(303, { location: "/", "cache-control": "no-store" });
    response.end();
  };

  const asset = async (path: string, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const found = await core.asset(path, { signal: AbortSignal.any([closing.signal, gone.signal]) });
    if (found === null && !PICTURE_PATH.test(path)) return sendText(response, 404, "There is nothing here.");
    if (found === null) {
      // A picture that cannot be drawn is nothing wrong with the request, and no error for a page's console.
      response.writeHead(204, { "cache-control": "no-store" });
      response.end();
      return;
    }
    response.writeHead(200, {
      "content-type": found.contentType,
      "content-length": found.body.byteLength,
      // A marked picture may be marked anew, and files of people's own change without notice.
      "cache-control": /^(preview\/marked|picture|logo)\//.test(path)
        ? "private, no-cache"
        : "private, max-age=3600",
    });
    response.end(found.body);
  };

  const drop = async (
    method: string,
    [dropId = "", ...path]: readonly string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    if (method === "PUT") {
      await drops.put(dropId, path.join("/"), request);
      sendJson(response, 200, { ok: {} });
    } else if (method === "POST" && path.length === 1 && path[0] === "finish")
      sendJson(response, 200, {
        ok: await drops.finish(dropId, await readJson(request, 64 * 1024), closing.signal),
      });
    else if (method === "DELETE" && path.length === 0) {
      await drops.discard(dropId);
      sendJson(response, 200, { ok: {} });
    } else sendText(response, 405, "Not in this way.");
  };

  server.on("request", (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const appError = AppError.from(error);
      if (appError.code === "internal") logger.error("request.failed", { error: appError });
      if (response.headersSent || response.destroyed) response.destroy();
      else {
        response.setHeader("connection", "close");
        sendError(response, STATUS[appError.code] ?? 500, appError);
      }
    });
  });
  logger.info("daemon.started", { port });

  const newLink = () => `http://127.0.0.1:${port}/open/${sessions.newLinkSecret()}`;
  return {
    url: newLink(),
    newLink,
    async close() {
      closing.abort(new AppError("aborted", "Platemark is ending."));
      events.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      logger.info("daemon.ended");
    },
  };
}

const ASSET_ROOMS = ["thumb", "preview", "picture", "logo"];
const PICTURE_PATH = /^(thumb|preview\/(original|marked)|picture|logo)\/[^/]+$/;

const LINK_IS_SPENT =
  "This link has been used, or Platemark was started again since. Press Enter where Platemark runs for a new link.";

const STATUS: Partial<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  not_found: 404,
  resource_exhausted: 413,
  "upload.too_large": 413,
  "disk.full": 507,
  aborted: 499,
};

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new AppError(
          "unavailable",
          error.code === "EADDRINUSE"
            ? `Port ${port} is taken by another program. Choose another, or leave --port away.`
            : `Platemark cannot listen on 127.0.0.1:${port}: ${error.message}`,
          { cause: error },
        ),
      ),
    );
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
