import type { IncomingMessage, ServerResponse } from "node:http";
import type { Channel, ParsedRequest, WindowCore } from "#contracts/ipc.ts";
import { channels, isChannel } from "#contracts/ipc.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { readJson, sendError, sendJson } from "./http-answers.ts";

const MAX_REQUEST_BYTES = 1024 * 1024;

export interface IpcEndpointDeps {
  readonly core: WindowCore;
  readonly logger: Logger;
  /** Fires when the daemon ends. */
  readonly closing: AbortSignal;
}

/** `POST /ipc/<channel>`: what the core answers comes with status 200, also its errors; a request that never reached
 *  the core has a status of its own. */
export async function serveIpc(
  { core, logger, closing }: IpcEndpointDeps,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isChannel(name))
    return sendError(
      response,
      404,
      new AppError("not_found", "There is no such channel.", { details: { name } }),
    );
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    return sendError(
      response,
      415,
      new AppError("invalid_argument", "Send the request as application/json."),
    );
  let body: unknown;
  try {
    body = await readJson(request, MAX_REQUEST_BYTES);
  } catch (error) {
    const appError = AppError.from(error);
    response.setHeader("connection", "close");
    return sendError(response, appError.code === "resource_exhausted" ? 413 : 400, appError);
  }
  const parsed = channels[name].request.safeParse(body);
  if (!parsed.success)
    return sendError(
      response,
      400,
      new AppError(
        "invalid_argument",
        `The request does not fit ${name}: ${parsed.error.issues[0]?.message ?? ""}`,
        {
          details: { at: parsed.error.issues[0]?.path.join(".") ?? "" },
        },
      ),
    );

  // A query ends with the page that asked; a command is carried through, whether its page stays or not.
  const gone = new AbortController();
  if (channels[name].kind === "query") response.once("close", () => gone.abort());
  const signal = AbortSignal.any([closing, gone.signal]);
  try {
    sendJson(response, 200, { ok: await call(core, name, parsed.data, signal) });
  } catch (error) {
    const appError = AppError.from(error);
    if (appError.code === "internal") logger.error("ipc.failed", { channel: name, error: appError });
    sendJson(response, 200, { error: toErrorBody(appError) });
  }
}

function call(core: WindowCore, name: Channel, request: unknown, signal: AbortSignal): Promise<unknown> {
  const handler = core.handlers[name] as (
    request: ParsedRequest<Channel>,
    context: { readonly signal: AbortSignal },
  ) => Promise<unknown>;
  return handler(request as ParsedRequest<Channel>, { signal });
}
