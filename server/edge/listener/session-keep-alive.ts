import type { Http2Session } from "node:http2";
import type { Clock } from "#kernel/clock.ts";

export interface KeepAliveOptions {
  /** Between pings, in milliseconds; one that is not answered before the next is due ends the connection. */
  readonly everyMs: number;
}

/**
 * Looks whether the other end of an HTTP/2 connection is there, while it has streams: a line that was lost without a word
 * is otherwise found out by the kernel, which goes on sending for a quarter of an hour. Connections without streams are
 * left to time out. Ends with the session.
 */
export async function keepSessionAlive(
  session: Http2Session,
  clock: Clock,
  { everyMs }: KeepAliveOptions,
): Promise<void> {
  const closed = new AbortController();
  session.once("close", () => closed.abort());
  let streams = 0;
  session.on("stream", (stream) => {
    streams++;
    stream.once("close", () => streams--);
  });
  let answered = true;
  while (!closed.signal.aborted) {
    await clock.sleep(everyMs, { signal: closed.signal }).catch(() => {});
    if (closed.signal.aborted) return;
    if (!answered) return session.destroy();
    if (streams === 0) continue;
    answered = !session.ping(() => {
      answered = true;
    });
  }
}
