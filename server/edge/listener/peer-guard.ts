import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

/** How long peers may do nothing of use, in milliseconds. */
export interface PeerTimes {
  /** From a connection to its first byte. */
  readonly firstByteMs: number;
  /** From the first to the last byte of a request's headers. */
  readonly headersMs: number;
  /** From its first byte to its last; streams, which have no such end, are not meant. */
  readonly requestMs: number;
  /** Between two requests. Streams send a heartbeat more often than this. */
  readonly idleMs: number;
  /** Without taking a byte of an answer that is ready. */
  readonly stallMs: number;
}

export const PEER_TIMES: PeerTimes = {
  firstByteMs: 15_000,
  headersMs: 15_000,
  requestMs: 120_000,
  idleMs: 65_000,
  stallMs: 60_000,
};

/**
 * What one HTTP/2 connection may do. The library counts resets (CVE-2023-44487), empty frames (CVE-2019-9518) and
 * CONTINUATION frames by itself; these are its limits, set narrower where no client of ours comes near them.
 */
export const HTTP2_LIMITS = {
  settings: { maxConcurrentStreams: 256, maxHeaderListSize: 16 * 1024 },
  /** Pairs of one request's headers. */
  maxHeaderListPairs: 128,
  /** Megabytes. */
  maxSessionMemory: 10,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  /** Entries in one SETTINGS frame. */
  maxSettings: 32,
  /** Resets: so many at once, and then so many a second. */
  streamResetBurst: 200,
  streamResetRate: 33,
  unknownProtocolTimeout: 1_000,
} as const;

/** PINGs and SETTINGS a second that a client may send over some seconds; keep-alives are one in many seconds. */
const CONTROL_FRAMES_A_SECOND = 20;
const CONTROL_FRAMES_BURST = 200;

interface SessionState {
  readonly streams: Set<ServerHttp2Stream>;
  idleSinceMs: number;
  controlFrames: number;
  lookedAtMs: number;
}

interface Progress {
  readonly written: number;
  readonly sinceMs: number;
}

/** Closes connections whose peer keeps them busy or open to no use. Looks at all of them from time to time. */
export class PeerGuard {
  readonly #times: PeerTimes;
  readonly #now: () => number;
  /** Whether a request to this path may go on for as long as it likes. */
  readonly #isEndless: (path: string) => boolean;
  readonly #sockets = new Map<Socket, Progress>();
  readonly #sessions = new Map<ServerHttp2Session, SessionState>();
  readonly #streams = new Map<ServerHttp2Stream, { startedMs: number; path: string; stall: Progress }>();

  constructor(
    deps: { readonly now: () => number; readonly isEndless: (path: string) => boolean },
    times: PeerTimes,
  ) {
    this.#now = deps.now;
    this.#isEndless = deps.isEndless;
    this.#times = times;
  }

  addSocket(socket: Socket): void {
    this.#sockets.set(socket, { written: socket.bytesWritten, sinceMs: this.#now() });
    socket.once("close", () => this.#sockets.delete(socket));
  }

  addSession(session: ServerHttp2Session): void {
    const nowMs = this.#now();
    const state: SessionState = {
      streams: new Set(),
      idleSinceMs: nowMs,
      controlFrames: 0,
      lookedAtMs: nowMs,
    };
    this.#sessions.set(session, state);
    session.once("close", () => this.#sessions.delete(session));
    const onControlFrame = () => {
      state.controlFrames++;
      if (state.controlFrames > CONTROL_FRAMES_BURST) calmDown(session);
    };
    session.on("ping", onControlFrame);
    session.on("remoteSettings", onControlFrame);
    session.on("stream", (stream, headers) => {
      const startedMs = this.#now();
      const path = (headers[":path"] ?? "").split("?", 1)[0]!;
      state.streams.add(stream);
      this.#streams.set(stream, { startedMs, path, stall: { written: 0, sinceMs: startedMs } });
      stream.once("close", () => {
        state.streams.delete(stream);
        this.#streams.delete(stream);
        state.idleSinceMs = this.#now();
      });
    });
  }

  /** Closes what has been of no use for too long. */
  sweep(): void {
    const nowMs = this.#now();
    for (const [socket, progress] of this.#sockets) this.#sweepSocket(socket, progress, nowMs);
    for (const [session, state] of this.#sessions) this.#sweepSession(session, state, nowMs);
    for (const [stream, state] of this.#streams) {
      if (!stream.writableNeedDrain || stream.writableLength !== state.stall.written)
        state.stall = { written: stream.writableLength, sinceMs: nowMs };
      const isStalled = nowMs - state.stall.sinceMs >= this.#times.stallMs;
      const isLate =
        !stream.readableEnded &&
        nowMs - state.startedMs >= this.#times.requestMs &&
        !this.#isEndless(state.path);
      if (isStalled || isLate) stream.close(constants.NGHTTP2_CANCEL);
    }
  }

  #sweepSocket(socket: Socket, progress: Progress, nowMs: number): void {
    if (socket.writableLength === 0 || socket.bytesWritten !== progress.written)
      this.#sockets.set(socket, { written: socket.bytesWritten, sinceMs: nowMs });
    else if (nowMs - progress.sinceMs >= this.#times.stallMs) socket.destroy();
  }

  #sweepSession(session: ServerHttp2Session, state: SessionState, nowMs: number): void {
    const allowed = ((nowMs - state.lookedAtMs) / 1000) * CONTROL_FRAMES_A_SECOND;
    state.controlFrames = Math.max(0, state.controlFrames - allowed);
    state.lookedAtMs = nowMs;
    // Frames that are no request keep a connection's own timer from running out.
    if (state.streams.size > 0 || nowMs - state.idleSinceMs < this.#times.idleMs) return;
    if (session.closed) session.destroy();
    else session.close();
  }
}

function calmDown(session: ServerHttp2Session): void {
  if (session.destroyed) return;
  session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  session.destroy();
}
