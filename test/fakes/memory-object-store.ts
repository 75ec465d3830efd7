import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { AppError } from "#kernel/errors.ts";
import type {
  ObjectStore,
  PutOptions,
  SizedStream,
  StoredObject,
} from "../../server/services/ports/object-store.ts";

/** What a worker needs of a bucket, in memory, with faults on demand. Presigning and multipart are not part of it. */
export class MemoryObjectStore
  implements Pick<ObjectStore, "bucket" | "head" | "get" | "put" | "copy" | "remove" | "close">
{
  readonly bucket = "test";
  readonly objects = new Map<string, { readonly body: Uint8Array; readonly options: PutOptions }>();
  /** Requests that answer "store.unreachable" from now on. */
  failing = 0;
  requests = 0;

  /** Puts without counting or failing. */
  seed(key: string, body: Uint8Array): { readonly sha256: string; readonly size: number } {
    const sha256 = createHash("sha256").update(body).digest("hex");
    this.objects.set(key, { body, options: { contentType: "image/jpeg", sha256 } });
    return { sha256, size: body.length };
  }

  async head(key: string): Promise<StoredObject | null> {
    this.#request();
    return this.#describe(key);
  }

  async get(key: string): Promise<{ readonly object: StoredObject; readonly body: Readable }> {
    this.#request();
    const object = this.#describe(key);
    if (!object) throw new AppError("not_found", "There is no such object.");
    const { body } = this.objects.get(key)!;
    const chunks = Array.from({ length: Math.ceil(body.length / 1000) }, (_, i) =>
      Uint8Array.from(body.subarray(i * 1000, i * 1000 + 1000)),
    );
    return { object, body: Readable.from(chunks) };
  }

  async put(
    key: string,
    given: Uint8Array | SizedStream,
    options: PutOptions,
  ): Promise<{ readonly etag: string }> {
    this.#request();
    const body = "stream" in given ? await buffer(given.stream) : Uint8Array.from(given);
    if (createHash("sha256").update(body).digest("hex") !== options.sha256)
      throw new AppError("upload.checksum_mismatch", "Other bytes arrived.");
    const { ifMatch } = options;
    if (ifMatch !== undefined) this.#expect(key, ifMatch);
    this.objects.set(key, { body, options });
    return { etag: options.sha256 };
  }

  async copy(
    from: string,
    to: string,
    { ifMatch }: { readonly ifMatch: string },
  ): Promise<{ readonly etag: string }> {
    this.#request();
    this.#expect(from, ifMatch);
    this.objects.set(to, this.objects.get(from)!);
    return { etag: ifMatch };
  }

  async remove(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async close(): Promise<void> {}

  #expect(key: string, etag: string | null): void {
    if ((this.#describe(key)?.etag ?? null) !== etag)
      throw new AppError("store.precondition_failed", "The object has changed meanwhile.");
  }

  #describe(key: string): StoredObject | null {
    const found = this.objects.get(key);
    if (!found) return null;
    const { body, options } = found;
    return {
      size: body.length,
      etag: options.sha256,
      sha256: options.sha256,
      contentType: options.contentType,
      metadata: options.metadata ?? {},
    };
  }

  #request(): void {
    this.requests++;
    if (this.failing <= 0) return;
    this.failing--;
    throw new AppError("store.unreachable", "The store does not answer.", { retry: "backoff" });
  }
}
