import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";

/** Bytes sent to the thread at once. */
const BATCH = 512 * 1024;
/** Bytes that may wait for the thread before the sender is held back. */
const HIGH_WATER = 2 * 1024 * 1024;

/** The thread's program, as text: a bundle then needs no second entry for it. */
const PROGRAM = `
  const { createHash } = require("node:crypto");
  const { parentPort } = require("node:worker_threads");
  const hashes = new Map();
  parentPort.on("message", ({ id, bytes, end }) => {
    if (bytes) {
      if (!hashes.has(id)) hashes.set(id, createHash("md5"));
      hashes.get(id).update(new Uint8Array(bytes));
      parentPort.postMessage({ id, taken: bytes.byteLength });
    }
    if (!end) return;
    const md5 = hashes.get(id);
    hashes.delete(id);
    if (end === "digest") parentPort.postMessage({ id, digest: (md5 ?? createHash("md5")).digest("hex") });
  });
`;

/** An MD5 over a stream. */
export interface Md5Stream {
  /** A promise holds the sender back. */
  update(bytes: Uint8Array): Promise<void> | undefined;
  /** Hex. */
  digest(): string | Promise<string>;
  /** Forgets it; after `digest` this does nothing. */
  abandon(): void;
}

/** In this thread, at once. */
export function md5Here(): Md5Stream {
  const hash = createHash("md5");
  return {
    update(bytes) {
      hash.update(bytes);
      return undefined;
    },
    digest: () => hash.digest("hex"),
    abandon() {},
  };
}

type Reply =
  | { readonly id: number; readonly taken: number }
  | { readonly id: number; readonly digest: string };

/**
 * Computes the MD5 of large bodies in a thread of its own, beside the SHA-256 in this one: an upload then costs the
 * longer of the two, not their sum. The thread starts with the first body.
 */
export class Md5Thread {
  readonly #streams = new Map<number, RemoteMd5>();
  #worker: Worker | undefined;
  #count = 0;

  stream(): Md5Stream {
    this.#worker ??= this.#start();
    const stream = new RemoteMd5(this.#count++, this.#worker, (id) => this.#streams.delete(id));
    this.#streams.set(stream.id, stream);
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(PROGRAM, { eval: true, stdout: false, stderr: false });
    worker.unref();
    worker.on("message", (reply: Reply) => this.#streams.get(reply.id)?.receive(reply));
    const fail = (cause: unknown) => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const stream of this.#streams.values()) stream.fail(cause);
    };
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`The hashing thread ended with ${code}.`)));
    return worker;
  }
}

class RemoteMd5 implements Md5Stream {
  readonly id: number;
  readonly #worker: Worker;
  readonly #forget: (id: number) => void;
  readonly #digest = Promise.withResolvers<string>();
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #underWay = 0;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(id: number, worker: Worker, forget: (id: number) => void) {
    this.id = id;
    this.#worker = worker;
    this.#forget = forget;
    this.#digest.promise.catch(() => undefined);
  }

  update(bytes: Uint8Array): Promise<void> | undefined {
    this.#batch.push(bytes);
    this.#batchBytes += bytes.length;
    if (this.#batchBytes >= BATCH) this.#send();
    if (this.#underWay <= HIGH_WATER) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  digest(): Promise<string> {
    this.#send("digest");
    return this.#digest.promise;
  }

  abandon(): void {
    this.#batch = [];
    this.#batchBytes = 0;
    this.#send("abandon");
    this.#forget(this.id);
  }

  receive(reply: Reply): void {
    if ("digest" in reply) {
      this.#forget(this.id);
      this.#digest.resolve(reply.digest);
      return;
    }
    this.#underWay -= reply.taken;
    if (this.#underWay <= HIGH_WATER) this.#letGo();
  }

  /** What waits goes on, and meets the failure at its digest. */
  fail(cause: unknown): void {
    this.#digest.reject(cause);
    this.#letGo();
  }

  #letGo(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** The bytes are copied, since the file still needs them, and the copy is handed over. */
  #send(end?: "digest" | "abandon"): void {
    if (this.#batchBytes === 0) {
      if (end) this.#worker.postMessage({ id: this.id, end });
      return;
    }
    const copy = new Uint8Array(this.#batchBytes);
    let offset = 0;
    for (const bytes of this.#batch) {
      copy.set(bytes, offset);
      offset += bytes.length;
    }
    this.#batch = [];
    this.#batchBytes = 0;
    this.#underWay += copy.length;
    this.#worker.postMessage({ id: this.id, bytes: copy.buffer, end }, [copy.buffer]);
  }
}
