import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { BackgroundTask } from "../../services/background-task.ts";
import type { WatchedFile } from "../../services/ports/watched-file.ts";
import { type KeySet, keyFor, parseKeySet } from "./key-set.ts";
import type { TokenHeader } from "./token-header.ts";
import type { VerificationKey, VerificationKeys } from "./verification-keys.ts";

/**
 * Public keys of a JWKS file, reloaded when it changes. The whole set changes at once: a key that is not in the file any
 * more is out of force from then on. A bad file, or none, leaves the last good one in force.
 */
export class KeyFile implements VerificationKeys, AsyncDisposable {
  readonly #file: WatchedFile;
  readonly #logger: Logger;
  readonly #task = new BackgroundTask();
  #keys: KeySet = [];
  #text: string | null = null;

  constructor(deps: { readonly file: WatchedFile; readonly logger: Logger }) {
    this.#file = deps.file;
    this.#logger = deps.logger;
  }

  /** @throws AppError `config.invalid` when the file is bad or not there. */
  async start(): Promise<void> {
    const { path } = this.#file;
    try {
      this.#text = await this.#file.read();
      if (this.#text === null) throw new AppError("file.vanished", "The file is not there.");
      this.#swap(await parseKeySet(this.#text));
    } catch (error) {
      throw new AppError("config.invalid", `${path}: ${AppError.from(error).message}`, { cause: error });
    }
    this.#task.start(async () => {
      while (!this.#task.signal.aborted) {
        await this.#file.changed({ signal: this.#task.signal });
        if (!this.#task.signal.aborted) await this.#look();
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#task[Symbol.asyncDispose]();
  }

  async find(header: TokenHeader): Promise<VerificationKey> {
    return keyFor(this.#keys, header);
  }

  async #look(): Promise<void> {
    try {
      const text = await this.#file.read();
      if (text === this.#text) return;
      this.#text = text;
      if (text === null) throw new AppError("file.vanished", "The file is gone.");
      this.#swap(await parseKeySet(text));
    } catch (error) {
      const { code, message } = AppError.from(error, "file.unreadable");
      if (code !== "file.changed")
        this.#logger.warn("keys.refused", { file: this.#file.path, reason: message });
    }
  }

  #swap(keys: KeySet): void {
    this.#keys = keys;
    this.#logger.info("keys.loaded", {
      file: this.#file.path,
      kids: keys.map(({ kid, alg }) => `${kid ?? "none"} ${alg}`),
    });
  }
}
