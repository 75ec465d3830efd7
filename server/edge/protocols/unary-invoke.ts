import { create, isMessage, type MessageShape } from "@bufbuild/protobuf";
import type {
  HandlerContext,
  Interceptor,
  MethodImplSpec,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import type { UnaryContext } from "./unary-context.ts";

export type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;
type Message = MessageShape<UnarySpec["method"]["input"]>;

/** Calls the implementation through the interceptors, which see what they see on every other protocol's way. */
export async function invokeUnary(
  spec: UnarySpec,
  message: Message,
  context: UnaryContext,
  interceptors: readonly Interceptor[],
): Promise<Message> {
  const { method } = spec;
  const request: UnaryRequest = {
    stream: false,
    service: method.parent,
    method,
    message,
    requestMethod: context.requestMethod,
    contextValues: context.values,
    get url() {
      return context.url;
    },
    get signal() {
      return context.signal;
    },
    get header() {
      return context.requestHeader;
    },
  };
  const implementation = async (asked: UnaryRequest): Promise<UnaryResponse> => {
    const output = await spec.impl(asked.message, asked === request ? context : contextOf(context, asked));
    return {
      stream: false,
      service: method.parent,
      method,
      message: isMessage(output, method.output) ? output : create(method.output, output),
      get header() {
        return context.responseHeader;
      },
      get trailer() {
        return context.responseTrailer;
      },
    };
  };
  const call = interceptors.reduceRight<(asked: UnaryRequest) => Promise<UnaryResponse>>(
    (next, interceptor) => interceptor(next as never) as typeof next,
    implementation,
  );
  const response = await call(request);
  return response.message;
}

/** An interceptor has changed the request on its way. */
function contextOf(context: UnaryContext, asked: UnaryRequest): HandlerContext {
  return {
    method: context.method,
    service: asked.service,
    protocolName: context.protocolName,
    requestMethod: asked.requestMethod,
    url: asked.url,
    requestHeader: asked.header,
    signal: asked.signal,
    values: asked.contextValues,
    timeoutMs: context.timeoutMs,
    get responseHeader() {
      return context.responseHeader;
    },
    get responseTrailer() {
      return context.responseTrailer;
    },
  };
}
