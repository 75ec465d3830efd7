import { constants, type Http2Session, type Http2Stream } from "node:http2";
import { Cancelled } from "#kernel/cancel-reason.ts";
import type { NodeServerRequest, NodeServerResponse } from "./listener/node-http.ts";

/** Fires when the client is gone before its answer was complete, with a `Cancelled` that says how it went. One that takes
 *  nothing of what is written for `stalledMs` is cut off. */
export function clientSignal(
  request: NodeServerRequest,
  response: NodeServerResponse,
  options: { readonly stalledMs: number },
): AbortSignal {
  const controller = new AbortController();
  const stream = "stream" in request ? request.stream : undefined;
  // A stream that has ended does not know its session any more.
  const session = stream?.session;
  const onEnd = () => {
    if (controller.signal.aborted || response.writableFinished) return;
    controller.abort(clientEnd(stream, session));
  };
  // Streams speak more often; in silence there is nothing that could stall.
  response.setTimeout(options.stalledMs, () => {
    if (response.writableLength === 0) return;
    controller.abort(new Cancelled("too_slow"));
    if (stream) stream.close(constants.NGHTTP2_CANCEL);
    else response.destroy();
  });
  // Comes before a handler that reads the body hears of it.
  request.once("aborted", onEnd);
  response.once("close", onEnd);
  return controller.signal;
}

/** How the client has ended the call. @param session The stream's, from when it was open. */
export function clientEnd(stream: Http2Stream | undefined, session: Http2Session | undefined): Cancelled {
  // A connection that breaks resets its streams with the same code as a client that takes a call back.
  const reset = stream?.rstCode === constants.NGHTTP2_CANCEL && !isBroken(session);
  return new Cancelled(reset ? "client_cancelled" : "client_gone");
}

function isBroken(session: Http2Session | undefined): boolean {
  return session === undefined || session.destroyed || session.socket.destroyed;
}
