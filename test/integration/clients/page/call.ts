import { type DescMethod, fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { SyncService } from "#gen/sync_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import { WorkService } from "../../../support/work-service.ts";

export type ClientName =
  | "grpc-web binary"
  | "grpc-web text"
  | "improbable fetch"
  | "improbable xhr"
  | "improbable websocket";

/** What a page is asked to call. */
export interface CallOrder {
  readonly client: ClientName;
  /** `http://127.0.0.1:41234` */
  readonly host: string;
  /** `platemark.v1.MediaService/ListMedia` */
  readonly method: string;
  /** JSON of each message. Where both sides stream, each is sent after the answer to the one before. */
  readonly requests: readonly unknown[];
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface CallOutcome {
  /** gRPC's status; -1: the client has said none. */
  readonly status: number;
  readonly message: string;
  readonly count: number;
  readonly bytes: number;
  /** JSON of the first ones. */
  readonly answers: readonly unknown[];
  /** Headers and trailers. */
  readonly metadata: Readonly<Record<string, string>>;
}

const ANSWERS_KEPT = 10;
const METHODS = new Map<string, DescMethod>(
  [MediaService, UploadService, SyncService, HealthService, WorkService].flatMap((service) =>
    service.methods.map((method) => [`${service.typeName}/${method.name}`, method] as const),
  ),
);

/** One call as a client of another's making is told of it, and what came of it. */
export class Call {
  readonly order: CallOrder;
  readonly method: DescMethod;
  readonly ended = Promise.withResolvers<CallOutcome>();
  /** Takes the call back; set by the client. */
  abort: () => void = () => {};
  count = 0;
  readonly #answers: unknown[] = [];
  readonly #metadata: Record<string, string> = {};
  #bytes = 0;

  constructor(order: CallOrder) {
    const method = METHODS.get(order.method);
    if (!method) throw new Error(`There is no ${order.method}.`);
    this.order = order;
    this.method = method;
  }

  encode(request: unknown): Uint8Array {
    return toBinary(this.method.input, fromJson(this.method.input, request as JsonValue));
  }

  receive(bytes: Uint8Array): void {
    this.count += 1;
    this.#bytes += bytes.length;
    const message = fromBinary(this.method.output, bytes);
    if (this.count <= ANSWERS_KEPT) this.#answers.push(toJson(this.method.output, message));
  }

  learn(metadata: Iterable<readonly [string, string]>): void {
    for (const [name, value] of metadata) this.#metadata[name] = value;
  }

  end(status: number, message: string): void {
    const { count } = this;
    const [bytes, answers, metadata] = [this.#bytes, this.#answers, this.#metadata];
    this.ended.resolve({ status, message, count, bytes, answers, metadata });
  }
}
