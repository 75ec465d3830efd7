import { createSecureContext } from "node:tls";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { BackgroundTask } from "../../services/background-task.ts";
import type { WatchedFile } from "../../services/ports/watched-file.ts";
import type { HttpServer, TlsIdentity } from "./http-server.ts";

/**
 * Certificate and key of the port, reloaded when either file changes. Tools replace the two one after the other: a pair
 * that does not fit together, or cannot be read, leaves the last good one in force until the next change.
 */
export class LiveCertificate implements AsyncDisposable {
  readonly #files: { readonly cert: WatchedFile; readonly key: WatchedFile };
  readonly #logger: Logger;
  readonly #task = new BackgroundTask();
  #inForce: TlsIdentity | null = null;

  constructor(deps: { readonly cert: WatchedFile; readonly key: WatchedFile; readonly logger: Logger }) {
    this.#files = deps;
    this.#logger = deps.logger;
  }

  /** The pair to begin with. @throws AppError `config.invalid` when a file is bad or not there, or they do not fit. */
  async read(): Promise<TlsIdentity> {
    try {
      this.#inForce = await this.#readPair();
      return this.#inForce;
    } catch (error) {
      const { cert, key } = this.#files;
      const { message } = AppError.from(error);
      throw new AppError("config.invalid", `${cert.path}, ${key.path}: ${message}`, { cause: error });
    }
  }

  /** Gives the server each new pair. */
  follow(server: Pick<HttpServer, "showCertificate">): void {
    this.#task.start(async () => {
      while (!this.#task.signal.aborted) {
        await this.#eitherChanged();
        if (!this.#task.signal.aborted) await this.#look(server);
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#task[Symbol.asyncDispose]();
  }

  async #eitherChanged(): Promise<void> {
    const one = new AbortController();
    const signal = AbortSignal.any([this.#task.signal, one.signal]);
    const changes = [this.#files.cert.changed({ signal }), this.#files.key.changed({ signal })];
    await Promise.race(changes);
    one.abort();
    await Promise.all(changes);
  }

  async #look(server: Pick<HttpServer, "showCertificate">): Promise<void> {
    try {
      const pair = await this.#readPair();
      if (pair.cert === this.#inForce?.cert && pair.key === this.#inForce.key) return;
      server.showCertificate(pair);
      this.#inForce = pair;
      this.#logger.info("certificate.loaded", { file: this.#files.cert.path });
    } catch (error) {
      const { message } = AppError.from(error, "file.unreadable");
      this.#logger.warn("certificate.refused", { file: this.#files.cert.path, reason: message });
    }
  }

  async #readPair(): Promise<TlsIdentity> {
    const [cert, key] = await Promise.all([this.#files.cert.read(), this.#files.key.read()]);
    if (cert === null || key === null) throw new AppError("file.vanished", "The file is not there.");
    createSecureContext({ cert, key });
    return { cert, key };
  }
}
