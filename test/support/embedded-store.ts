import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { signRequest } from "../../server/sigv4/sign.ts";
import { uriEncodePath } from "../../server/sigv4/uri-encoding.ts";
import { createObjectStoreServer } from "../../server/store/index.ts";

export const storeCredentials = { accessKey: "store-process", secretKey: "store-process-secret" };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly text: string;
  /** The `Code` of an error document. */
  readonly code: string | undefined;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** @default the body's SHA-256 */
  readonly payloadHash?: string;
  readonly now?: number;
  readonly anonymous?: boolean;
}

/** Sends signed requests, as `fetch` does, and reads the whole answer. */
export class StoreClient {
  readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  url(bucket: string, key = "", query: Readonly<Record<string, string>> = {}): string {
    const search = new URLSearchParams(query).toString().replaceAll("+", "%20");
    return `${this.origin}/${bucket}${key === "" ? "" : `/${uriEncodePath(key)}`}${search ? `?${search}` : ""}`;
  }

  async call(method: string, bucket: string, key = "", options: CallOptions = {}): Promise<Answer> {
    const { headers = {}, body, query = {} } = options;
    const url = this.url(bucket, key, query);
    const payloadHash =
      options.payloadHash ??
      createHash("sha256")
        .update(body ?? "")
        .digest("hex");
    const signed = options.anonymous
      ? headers
      : signRequest({
          method,
          url,
          headers,
          payloadHash,
          credentials: storeCredentials,
          region: "us-east-1",
          now: options.now ?? Date.now(),
        });
    return read(await fetch(url, { method, headers: signed, body: (body ?? null) as BodyInit | null }));
  }

  /** Calls, and fails when the answer is no success. */
  async must(method: string, bucket: string, key = "", options: CallOptions = {}): Promise<Answer> {
    const answer = await this.call(method, bucket, key, options);
    if (answer.status >= 300)
      throw new Error(`${method} ${bucket}/${key} answered ${answer.status} ${answer.text.slice(0, 300)}`);
    return answer;
  }
}

export async function read(response: Response): Promise<Answer> {
  const body = Buffer.from(await response.arrayBuffer());
  const text = body.toString("utf8");
  return { status: response.status, headers: response.headers, body, text, code: tag(text, "Code") };
}

/** The text of the first element of that name. */
export function tag(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

export function tags(xml: string, name: string): string[] {
  return Array.from(xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g")), (match) => match[1]!);
}

export interface RunningStore extends AsyncDisposable {
  readonly client: StoreClient;
  readonly dataDir: string;
  /** Stops it and starts it again on the same folder. */
  restart(): Promise<void>;
}

/** A store in this process, in a folder of its own that goes with it. */
export async function runStore(options: { readonly clock?: Clock } = {}): Promise<RunningStore> {
  const dataDir = mkdtempSync(join(tmpdir(), "platemark-store-"));
  const create = () =>
    createObjectStoreServer({
      dataDir,
      credentials: [storeCredentials],
      clock: options.clock ?? systemClock,
      logger: silentLogger,
      random: systemRandom,
    });
  let server = create();
  let client = new StoreClient((await server.start()).url);
  return {
    dataDir,
    get client() {
      return client;
    },
    async restart() {
      await server[Symbol.asyncDispose]();
      server = create();
      client = new StoreClient((await server.start()).url);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
