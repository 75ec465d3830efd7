/** Runs in the server under test: what the conformance suite's service does, by its proto file's comments. */
import { create, type DescService, type Message } from "@bufbuild/protobuf";
import { type Any, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { ConformanceSchema } from "./conformance-schema.ts";

interface Header {
  readonly name: string;
  readonly value: readonly string[];
}

interface WireError {
  readonly code: Code;
  readonly message?: string;
  readonly details: readonly Any[];
}

interface UnaryDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly response:
    | { readonly case: "responseData"; readonly value: Uint8Array }
    | { readonly case: "error"; readonly value: WireError }
    | { readonly case: undefined };
  readonly responseDelayMs: number;
}

interface StreamDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseData: readonly Uint8Array[];
  readonly error?: WireError;
  readonly responseDelayMs: number;
}

type UnaryRequest = Message & { readonly responseDefinition?: UnaryDefinition };
type StreamRequest = Message & {
  readonly responseDefinition?: StreamDefinition;
  readonly fullDuplex?: boolean;
};

/** The implementation, typed loosely: its messages are known only when the test runs. */
export function conformanceHandlers(schema: ConformanceSchema): Partial<ServiceImpl<DescService>> {
  const requestInfo = schema.message("ConformancePayload.RequestInfo");
  const pack = (message: Message) => anyPack(schema.message(message.$typeName.split(".").at(-1)!), message);

  const infoOf = (context: HandlerContext, requests: readonly Message[]) => {
    const timeoutMs = context.timeoutMs();
    return create(requestInfo, {
      requestHeaders: [...context.requestHeader].map(([name, value]) => ({ name, value: [value] })),
      requests: requests.map(pack),
      ...(timeoutMs === undefined ? {} : { timeoutMs: BigInt(Math.round(timeoutMs)) }),
    } as Record<string, unknown>);
  };

  const failure = (error: WireError, ...added: readonly Message[]) =>
    new ConnectError(
      error.message ?? "",
      error.code,
      undefined,
      [...error.details.map((any) => anyUnpack(any, schema.registry)), ...added].map((value) => ({
        desc: schema.message((value?.$typeName ?? "").replace(/^connectrpc\.conformance\.v1\./, "")),
        value: value as unknown as Record<string, unknown>,
      })),
    );

  const unary = async (
    definition: UnaryDefinition | undefined,
    requests: readonly Message[],
    context: HandlerContext,
  ) => {
    announce(definition, context);
    const info = infoOf(context, requests);
    if (definition?.response.case === "error") throw failure(definition.response.value, info);
    await wait(definition?.responseDelayMs ?? 0);
    const data = definition?.response.case === "responseData" ? definition.response.value : new Uint8Array();
    return { payload: { data, requestInfo: info } };
  };

  return {
    unary: (request: UnaryRequest, context: HandlerContext) =>
      unary(request.responseDefinition, [request], context),

    idempotentUnary: (request: UnaryRequest, context: HandlerContext) =>
      unary(request.responseDefinition, [request], context),

    async clientStream(requests: AsyncIterable<UnaryRequest>, context: HandlerContext) {
      const all: UnaryRequest[] = [];
      for await (const request of requests) all.push(request);
      return unary(all[0]?.responseDefinition, all, context);
    },

    async *serverStream(request: StreamRequest, context: HandlerContext) {
      const definition = request.responseDefinition;
      announce(definition, context);
      const info = infoOf(context, [request]);
      for (const [index, data] of (definition?.responseData ?? []).entries()) {
        await wait(definition!.responseDelayMs);
        yield { payload: { data, ...(index === 0 ? { requestInfo: info } : {}) } };
      }
      if (definition?.error)
        throw failure(definition.error, ...(definition.responseData.length === 0 ? [info] : []));
    },

    async *bidiStream(requests: AsyncIterable<StreamRequest>, context: HandlerContext) {
      let definition: StreamDefinition | undefined;
      let fullDuplex = false;
      let sent = 0;
      let unanswered: Message[] = [];
      const next = async () => {
        const data = definition!.responseData[sent]!;
        await wait(definition!.responseDelayMs);
        const info = sent === 0 || fullDuplex ? { requestInfo: infoOf(context, unanswered) } : {};
        sent++;
        unanswered = [];
        return { payload: { data, ...info } };
      };
      for await (const request of requests) {
        if (definition === undefined) {
          definition = request.responseDefinition;
          announce(definition, context);
          fullDuplex = request.fullDuplex ?? false;
        }
        unanswered.push(request);
        if (!fullDuplex) continue;
        if (sent >= (definition?.responseData.length ?? 0)) break;
        yield await next();
      }
      while (sent < (definition?.responseData.length ?? 0)) yield await next();
      if (definition?.error)
        throw failure(definition.error, ...(sent === 0 ? [infoOf(context, unanswered)] : []));
    },
  } as object;
}

function announce(definition: UnaryDefinition | StreamDefinition | undefined, context: HandlerContext): void {
  for (const { name, value } of definition?.responseHeaders ?? [])
    for (const each of value) context.responseHeader.append(name, each);
  for (const { name, value } of definition?.responseTrailers ?? [])
    for (const each of value) context.responseTrailer.append(name, each);
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
