import { constants, type Http2Session } from "node:http2";
import { Cancelled } from "#kernel/cancel-reason.ts";
import type { NodeServerRequest, NodeServerResponse } from "./node-http.ts";

/** Fires when the client is gone before its answer was complete, with a `Cancelled` that says how it went. */
export function clientSignal(request: NodeServerRequest, response: NodeServerResponse): AbortSignal {
  const controller = new AbortController();
  const stream = "stream" in request ? request.stream : undefined;
  // A stream that has ended does not know its session any more.
  const session = stream?.session;
  const onEnd = () => {
    if (controller.signal.aborted || response.writableFinished) return;
    // A connection that breaks resets its streams with the same code as a client that takes a call back.
    const reset = stream?.rstCode === constants.NGHTTP2_CANCEL && !isBroken(session);
    controller.abort(new Cancelled(reset ? "client_cancelled" : "client_gone"));
  };
  // Comes before a handler that reads the body hears of it.
  request.once("aborted", onEnd);
  response.once("close", onEnd);
  return controller.signal;
}

function isBroken(session: Http2Session | undefined): boolean {
  return session === undefined || session.destroyed || session.socket.destroyed;
}
