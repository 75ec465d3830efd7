import { create, createFileRegistry, type DescService, setExtension } from "@bufbuild/protobuf";
import {
  FileDescriptorSetSchema,
  file_google_protobuf_wrappers,
  MethodOptionsSchema,
  type StringValue,
} from "@bufbuild/protobuf/wkt";
import { type Client, createClient, type HandlerContext, type Transport } from "@connectrpc/connect";
import { MethodPolicySchema, policy } from "#gen/options_pb.ts";
import { Cancelled, type CancelReason } from "#kernel/cancel-reason.ts";
import type { RpcMethods } from "../../server/rpc/rpc-methods.ts";

export const KINDS = ["unary", "server", "client", "bidi"] as const;
export type Kind = (typeof KINDS)[number];

const text = ".google.protobuf.StringValue";
const wrappers = file_google_protobuf_wrappers.proto;
const limitedOptions = create(MethodOptionsSchema);
setExtension(limitedOptions, policy, create(MethodPolicySchema, { timeoutMs: 100 }));
const registry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: [
      wrappers,
      {
        name: "platemark/test/work.proto",
        package: "platemark.test",
        syntax: "proto3",
        dependency: [wrappers.name],
        service: [
          {
            name: "WorkService",
            method: [
              ...KINDS.map((kind) => ({
                name: kind,
                inputType: text,
                outputType: text,
                clientStreaming: kind === "client" || kind === "bidi",
                serverStreaming: kind === "server" || kind === "bidi",
              })),
              { name: "limited", inputType: text, outputType: text, options: limitedOptions },
            ],
          },
        ],
      },
    ],
  }),
);

/** One method of each kind; each takes and answers a StringValue. */
export const WorkService: DescService = registry.getService("platemark.test.WorkService")!;

/** What a flood consists of. */
export const FLOOD = "x".repeat(30_000);

type Message = Pick<StringValue, "value">;

/** As the compiler would know a client of it, had the service been generated. */
export interface WorkClient {
  unary(request: Message, options?: CallOptions): Promise<Message>;
  /** The same, for no longer than 100 ms. */
  limited(request: Message, options?: CallOptions): Promise<Message>;
  server(request: Message, options?: CallOptions): AsyncIterable<Message>;
  client(requests: AsyncIterable<Message>, options?: CallOptions): Promise<Message>;
  bidi(requests: AsyncIterable<Message>, options?: CallOptions): AsyncIterable<Message>;
}
interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export function workClient(transport: unknown): WorkClient {
  return createClient(WorkService, transport as Transport) as Client<DescService> as unknown as WorkClient;
}

/** The texts of a stream that ends. */
export async function allOf(messages: AsyncIterable<Message>): Promise<string[]> {
  const values: string[] = [];
  for await (const { value } of messages) values.push(value);
  return values;
}

/** Works until it is told to stop; at a message "end" it ends by itself. To "many 128 65536" its stream answers so many
 *  messages of so many characters, each with its number at the front. Writes down what it was told. */
export class Work {
  /** Why its calls were stopped, in order. */
  readonly reasons: CancelReason[] = [];
  readonly #began: PromiseWithResolvers<void>[] = [];
  readonly #stopped: PromiseWithResolvers<void>[] = [];
  readonly #left: PromiseWithResolvers<void>[] = [];
  #begun = 0;
  #handlersLeft = 0;
  /** Messages of a flood that were taken off its hands. */
  written = 0;
  /** Messages that streams of clients have read. */
  read = 0;
  #gate: PromiseWithResolvers<void> | undefined;
  readonly #readers = new Set<() => void>();

  /** From now on a stream of a client's is read no further, but for one message. */
  hold(): void {
    this.#gate = Promise.withResolvers();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** Resolves when so many messages were read. */
  whenRead(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.read < count) return;
        this.#readers.delete(look);
        resolve();
      };
      this.#readers.add(look);
      look();
    });
  }

  /** Calls that have begun to work. */
  get begun(): number {
    return this.#begun;
  }

  /** Resolves when the `count`th call has begun to work. */
  began(count = 1): Promise<void> {
    return slot(this.#began, count).promise;
  }

  /** Resolves when the `count`th call was told to stop. */
  stopped(count = 1): Promise<void> {
    return slot(this.#stopped, count).promise;
  }

  /** Resolves when the handler of the `count`th call has come to its end. */
  left(count = 1): Promise<void> {
    return slot(this.#left, count).promise;
  }

  register(methods: RpcMethods): void {
    const begin = this.#begin.bind(this);
    const wrote = () => {
      this.written++;
    };
    const count = async () => {
      this.read++;
      for (const look of [...this.#readers]) look();
      await this.#gate?.promise;
    };
    /** Held for as long as a handler has not come to its end. */
    const inside = () => ({
      [Symbol.dispose]: () => {
        this.#handlersLeft++;
        slot(this.#left, this.#handlersLeft).resolve();
      },
    });
    methods.service(WorkService, {
      async unary(request: Message, context: HandlerContext) {
        using _inside = inside();
        const told = begin(context);
        return request.value === "end" ? { value: "done" } : await told;
      },
      limited: (_request: Message, context: HandlerContext) => begin(context),
      async *server(request: Message, context: HandlerContext) {
        using _inside = inside();
        const many = /^many (?<count>\d+) (?<size>\d+)$/.exec(request.value)?.groups;
        if (many) return yield* numbered(Number(many.count), Number(many.size));
        yield { value: "first" };
        const told = begin(context);
        for (; request.value === "flood"; wrote()) yield { value: FLOOD };
        if (request.value !== "end") await told;
        yield { value: "last" };
      },
      // Knows nothing of signals: it is the messages that end.
      async client(requests: AsyncIterable<Message>, context: HandlerContext) {
        using _inside = inside();
        void begin(context).catch(() => {});
        let last = "";
        for await (const { value } of requests) {
          await count();
          last = value;
        }
        return { value: last };
      },
      async *bidi(requests: AsyncIterable<Message>, context: HandlerContext) {
        using _inside = inside();
        void begin(context).catch(() => {});
        for await (const { value } of requests) {
          await count();
          yield { value };
          if (value === "end") return;
        }
      },
    } as never);
  }

  /** Rejects when the call is stopped. */
  #begin(context: HandlerContext): Promise<never> {
    const { signal } = context;
    const told = Promise.withResolvers<never>();
    told.promise.catch(() => {});
    signal.addEventListener("abort", () => {
      if (!(signal.reason instanceof Cancelled))
        throw new Error(`Stopped without a reason: ${signal.reason}`);
      this.reasons.push(signal.reason.reason);
      slot(this.#stopped, this.reasons.length).resolve();
      told.reject(signal.reason);
    });
    this.#begun++;
    slot(this.#began, this.#begun).resolve();
    return told.promise;
  }
}

async function* numbered(count: number, size: number): AsyncGenerator<Message> {
  for (let index = 0; index < count; index++) yield { value: `${index} `.padEnd(size, "x") };
}

function slot(slots: PromiseWithResolvers<void>[], count: number): PromiseWithResolvers<void> {
  for (let at = slots.length; at < count; at++) slots.push(Promise.withResolvers());
  return slots[count - 1]!;
}
