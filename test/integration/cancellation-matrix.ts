import { ConnectError } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { fromConnectError } from "#contracts/client.ts";
import { createWebSocketTransport } from "#contracts/websocket-transport.ts";
import type { CancelReason } from "#kernel/cancel-reason.ts";
import { systemClock } from "#kernel/clock.ts";
import type { ErrorCode } from "#kernel/errors.ts";
import { BreakableProxy } from "../support/breakable-proxy.ts";
import { type CallServer, startCallServer } from "../support/call-server.ts";
import { KINDS, type Kind, type WorkClient, workClient } from "../support/work-service.ts";

export interface Way {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly open: (baseUrl: string) => unknown;
  /** What the server sees of an abort, and of a connection that ends. */
  readonly abort: CancelReason;
  readonly cut: CancelReason;
  /** The client ends its messages before it takes the call back, and what is between passes that on first: to the server
   *  its request was whole. Such calls are left out. */
  readonly endsFirst?: boolean;
}

const HALF_DUPLEX = ["unary", "server", "client"] as const;

export const GRPC: Way = {
  name: "gRPC over HTTP/2",
  kinds: KINDS,
  open: (baseUrl) => createGrpcTransport({ baseUrl }),
  abort: "client_cancelled",
  cut: "client_gone",
};
export const WEBSOCKET: Way = {
  name: "a websocket",
  kinds: KINDS,
  open: (baseUrl) => createWebSocketTransport({ baseUrl, clock: systemClock }),
  abort: "client_cancelled",
  cut: "client_gone",
};
export const CONNECT: Way = {
  name: "Connect over HTTP/1.1",
  kinds: HALF_DUPLEX,
  open: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  // HTTP/1.1 has no word for it but to hang up.
  abort: "client_gone",
  cut: "client_gone",
};
export const GRPC_WEB: Way = {
  name: "gRPC-Web over HTTP/1.1",
  kinds: HALF_DUPLEX,
  open: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  abort: "client_gone",
  cut: "client_gone",
};

interface Cause {
  readonly name: string;
  readonly act: (scene: Scene) => void;
  readonly timeoutMs?: number;
  /** The client takes the call back. */
  readonly byClient?: true;
  readonly reason: (way: Way) => CancelReason;
  /** What the caller is told; `null`: there is nobody to tell, and its own side speaks. */
  readonly told: ErrorCode | null;
}

interface Scene {
  readonly abort: AbortController;
  readonly line: BreakableProxy;
  readonly server: CallServer;
}

const CAUSES: readonly Cause[] = [
  {
    name: "the caller aborts",
    act: ({ abort }) => abort.abort(),
    byClient: true,
    reason: ({ abort }) => abort,
    told: "aborted",
  },
  { name: "the connection is cut", act: ({ line }) => line.break(), reason: ({ cut }) => cut, told: null },
  {
    name: "its deadline passes",
    act: () => {},
    timeoutMs: 300,
    byClient: true,
    reason: () => "deadline",
    told: "deadline_exceeded",
  },
  {
    name: "the server drains",
    act: ({ server }) => server.drain(),
    reason: () => "draining",
    told: "unavailable",
  },
];

/** @param entrance Where clients of a server go; undefined: to the server itself. */
export function cancellationSuite(
  ways: readonly Way[],
  entrance: (server: CallServer) => number = ({ port }) => port,
): void {
  const cases = ways.flatMap((way) =>
    way.kinds.flatMap((kind) =>
      CAUSES.filter(
        ({ byClient }) => !(way.endsFirst && byClient && (kind === "client" || kind === "bidi")),
      ).map((cause) => ({ way, kind, cause })),
    ),
  );

  // Not by test.each, which cuts long titles off.
  const stops = async ({ way, kind, cause }: (typeof cases)[number]) => {
    const server = await startCallServer();
    await using line = await BreakableProxy.to({ host: "127.0.0.1", port: entrance(server) });
    const abort = new AbortController();
    const client = workClient(way.open(`http://127.0.0.1:${line.port}`));
    const options = { signal: abort.signal, ...(cause.timeoutMs ? { timeoutMs: cause.timeoutMs } : {}) };
    const ended = call(client, kind, "work", options).then(
      () => expect.unreachable(),
      (error: unknown) => ConnectError.from(error),
    );
    await soon(server.work.began(), "begins");
    cause.act({ abort, line, server });
    await soon(server.work.stopped(), "stops");
    await soon(server.work.left(), "comes to an end");
    const failure = fromConnectError(await soon(ended, "hears of it"));
    if (cause.told) expect(failure.code).toBe(cause.told);
    if (cause.told === "unavailable") expect(failure.retry).toBe("backoff");
    await server[Symbol.asyncDispose]();
    const reason = cause.reason(way);
    expect(server.work.reasons).toEqual([reason]);
    expect(server.cancelled.map((each) => each.reason)).toEqual([reason]);
  };
  for (const each of cases) test(titleOf(each.way, each.kind, each.cause), () => stops(each));

  test.each(ways)("over $name a call lasts no longer than its method's policy lets it", async (way) => {
    await using server = await startCallServer();
    const client = workClient(way.open(`http://127.0.0.1:${entrance(server)}`));
    const failure = await client.limited({ value: "work" }).catch(fromConnectError);
    expect(failure).toMatchObject({ code: "deadline_exceeded", retry: "backoff" });
    expect(server.work.reasons).toEqual(["deadline"]);
    expect(server.cancelled).toEqual([{ method: "platemark.test.WorkService/limited", reason: "deadline" }]);
  });

  test.each(ways)("over $name an end after the answer is no cancel", async (way) => {
    const server = await startCallServer();
    await using line = await BreakableProxy.to({ host: "127.0.0.1", port: entrance(server) });
    const client = workClient(way.open(`http://127.0.0.1:${line.port}`));
    for (const kind of way.kinds) {
      const abort = new AbortController();
      await call(client, kind, "end", { signal: abort.signal, timeoutMs: 5_000 });
      abort.abort();
    }
    line.break();
    await server[Symbol.asyncDispose]();
    expect(server.cancelled).toEqual([]);
  });
}

function titleOf(way: Way, kind: Kind, cause: Cause): string {
  const what = {
    unary: "a unary call",
    server: "a server's stream",
    client: "a client's stream",
    bidi: "a bidi call",
  };
  return `${what[kind]} over ${way.name} stops once when ${cause.name}`;
}

/** Streams of clients that are to work never end by themselves. */
async function call(
  client: WorkClient,
  kind: Kind,
  value: "work" | "end",
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<void> {
  async function* messages() {
    yield { value };
    if (value === "work") await new Promise(() => {});
  }
  if (kind === "unary") await client.unary({ value }, options);
  else if (kind === "client") await client.client(messages(), options);
  else if (kind === "server") for await (const _ of client.server({ value }, options));
  else for await (const _ of client.bidi(messages(), options));
}

/** spec.md G8: within a second. */
async function soon<T>(event: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Within a second nobody ${what}.`)), 1_000);
  try {
    return await Promise.race([event, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
