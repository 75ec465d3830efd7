import type { DescService, JsonReadOptions, JsonWriteOptions } from "@bufbuild/protobuf";
import {
  createConnectRouter,
  createServiceImplSpec,
  type Interceptor,
  type MethodImplSpec,
  type ServiceImpl,
} from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { CancellationObserver } from "./cancellation.ts";
import { COMPRESS_MIN_BYTES, COMPRESSIONS } from "./compression.ts";

export interface RpcOptions {
  /** Aborts every call in flight. */
  readonly shutdown: AbortSignal;
  /** Of one message, also after decompression. */
  readonly maxMessageBytes: number;
  /** Longer deadlines are refused. @default none */
  readonly maxTimeoutMs?: number;
  /** Answers are worth packing where the client offers it. @default true */
  readonly compress?: boolean;
  /** Hears of calls that were ended from outside; for the unary endpoint, which sees to that itself.
   *  @default nobody */
  readonly cancellations?: CancellationObserver;
  /** The first is the outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** For types that only JSON's `Any` needs to look up. */
  readonly jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions>;
}

/** One method: how it is implemented, and its handler for every protocol. */
export interface RpcMethod {
  readonly spec: MethodImplSpec;
  readonly handler: UniversalHandler;
}

/** The services that a server offers, with the limits that hold for all of them. */
export class RpcMethods {
  readonly options: RpcOptions;
  readonly #methods: RpcMethod[] = [];

  constructor(options: RpcOptions) {
    this.options = options;
  }

  service<T extends DescService>(service: T, implementation: Partial<ServiceImpl<T>>): this {
    const { shutdown, maxMessageBytes, maxTimeoutMs, compress, interceptors, jsonOptions } = this.options;
    const { handlers } = createConnectRouter({
      shutdownSignal: shutdown,
      readMaxBytes: maxMessageBytes,
      ...(maxTimeoutMs === undefined ? {} : { maxTimeoutMs }),
      acceptCompression: [...COMPRESSIONS.values()],
      compressMinBytes: compress === false ? NEVER : COMPRESS_MIN_BYTES,
      interceptors: [...(interceptors ?? [])],
      ...(jsonOptions === undefined ? {} : { jsonOptions }),
    }).service(service, implementation);
    const { methods } = createServiceImplSpec<T>(service, implementation);
    for (const handler of handlers) this.#methods.push({ handler, spec: methods[handler.method.localName]! });
    return this;
  }

  /** All methods of all services. */
  get all(): readonly RpcMethod[] {
    return this.#methods;
  }
}

/** The largest threshold that is taken. */
const NEVER = 0xffffffff;
