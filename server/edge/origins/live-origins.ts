import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { BackgroundTask } from "../../services/background-task.ts";
import type { AuditLog } from "../../services/ports/audit-log.ts";
import type {
  Environment,
  OriginControl,
  OriginEntry,
  OriginsInForce,
} from "../../services/ports/origin-control.ts";
import type { WatchedFile } from "../../services/ports/watched-file.ts";
import { checkedEntry, originEntry } from "./origin-entry.ts";
import { createOriginList, type OriginList } from "./origin-list.ts";
import {
  documentVersion,
  EMPTY_DOCUMENT,
  MAX_ENTRIES,
  type OriginsDocument,
  parseOriginsDocument,
  renderOriginsDocument,
} from "./origins-document.ts";

export interface LiveOriginsDeps {
  readonly audit: AuditLog;
  /** `null`: what is set lives as long as the process. */
  readonly file: WatchedFile | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface LiveOriginsOptions {
  readonly environment: Environment;
  /** Exact origins and wildcards from the command line. @default none */
  readonly fixed?: readonly string[];
}

/** Actor in the audit where no request made the change. */
const FILE_ACTOR = "file";

/**
 * The list of origins in force, which can be changed while requests run: by its file, and by `AdminService`. Whoever
 * takes {@link list} has one list, the old or the new. A bad file leaves the last good list in force, and so does one
 * that is gone.
 */
export class LiveOrigins implements OriginControl, AsyncDisposable {
  readonly #deps: LiveOriginsDeps;
  readonly #environment: Environment;
  readonly #fixed: readonly OriginEntry[];
  readonly #task = new BackgroundTask();
  #document: OriginsDocument = EMPTY_DOCUMENT;
  #version = documentVersion(EMPTY_DOCUMENT);
  #list: OriginList;
  /** As last seen, in force or not. */
  #fileText: string | null = null;
  #refused: string | null = null;
  /** Changes come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws AppError `config.invalid` for a fixed origin that is none. */
  constructor(deps: LiveOriginsDeps, { environment, fixed = [] }: LiveOriginsOptions) {
    this.#deps = deps;
    this.#environment = environment;
    try {
      this.#fixed = fixed.map((text) => originEntry(text));
    } catch (error) {
      throw configError("--origin", error);
    }
    this.#list = createOriginList(this.#fixed);
  }

  get list(): OriginList {
    return this.#list;
  }

  /** Reads the file and watches it from then on. A file that is not there yet is an empty list.
   *  @throws AppError `config.invalid` for a bad file: better no server than one whose list nobody knows. */
  async start(): Promise<void> {
    const { file } = this.#deps;
    if (!file) return;
    try {
      this.#fileText = await file.read();
      if (this.#fileText !== null) this.#apply(parseOriginsDocument(this.#fileText));
    } catch (error) {
      throw configError(file.path, error);
    }
    this.#task.start(async () => {
      while (!this.#task.signal.aborted) {
        await file.changed({ signal: this.#task.signal });
        if (!this.#task.signal.aborted) await this.#inTurn(() => this.#takeFile(file));
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#task[Symbol.asyncDispose]();
    await this.#turn;
  }

  inForce(): OriginsInForce {
    return {
      environment: this.#environment,
      version: this.#version,
      entries: this.#document[this.#environment],
      fixed: this.#fixed,
      refused: this.#refused,
    };
  }

  set(change: Parameters<OriginControl["set"]>[0]): Promise<OriginsInForce> {
    return this.#inTurn(async () => {
      if (change.entries.length > MAX_ENTRIES)
        throw new AppError("invalid_argument", `A list has at most ${MAX_ENTRIES} origins.`);
      const next = { ...this.#document, [this.#environment]: change.entries.map(checkedEntry) };
      if (change.expectedVersion !== this.#version) throw conflict(this.#version);
      const { file } = this.#deps;
      // What lies there now and has not been looked at yet is somebody's change, too.
      if (file && (await file.read()) !== this.#fileText) throw conflict(this.#version);
      if (documentVersion(next) === this.#version) return this.inForce();
      const described = this.#described(next, change);
      await this.#audit("origins.set", next, change);
      if (file) await this.#write(file, next, change);
      this.#apply(next);
      this.#deps.logger.warn("origins.changed", described);
      return this.inForce();
    });
  }

  async #write(file: WatchedFile, next: OriginsDocument, change: Change): Promise<void> {
    const text = renderOriginsDocument(next);
    try {
      await file.write(text);
    } catch (error) {
      await this.#audit("origins.set_failed", this.#document, change).catch(() => {});
      throw error;
    }
    this.#fileText = text;
  }

  /** Never rejects. */
  async #takeFile(file: WatchedFile): Promise<void> {
    const { logger } = this.#deps;
    let next: OriginsDocument;
    try {
      const text = await file.read();
      if (text === this.#fileText) return;
      this.#fileText = text;
      if (text === null) throw new AppError("file.vanished", "The file is gone.");
      next = parseOriginsDocument(text);
    } catch (error) {
      const { code, message } = AppError.from(error, "file.unreadable");
      // Whoever writes it now will be heard when they have done.
      if (code === "file.changed") return;
      this.#refused = message;
      logger.warn("origins.refused", { file: file.path, reason: message });
      return;
    }
    this.#refused = null;
    if (documentVersion(next) === this.#version) return;
    const change = { actor: FILE_ACTOR, requestId: "" };
    // An origin that was taken off a list must go at once, database or not; the log has the change in any case.
    const described = this.#described(next, change);
    const audited = this.#audit("origins.set", next, change);
    this.#apply(next);
    logger.warn("origins.changed", described);
    await audited.catch((error: unknown) =>
      logger.error("origins.audit_failed", { ...described, reason: AppError.from(error).message }),
    );
  }

  #apply(document: OriginsDocument): void {
    const list = createOriginList([...this.#fixed, ...document[this.#environment]]);
    this.#list = list;
    this.#document = document;
    this.#version = documentVersion(document);
    this.#refused = null;
  }

  #audit(action: string, next: OriginsDocument, { actor, requestId }: Change): Promise<void> {
    const before = renderOriginsDocument(this.#document);
    const after = renderOriginsDocument(next);
    const { clock, audit } = this.#deps;
    return audit.append({ atMs: clock.now(), actor, action, requestId, before, after });
  }

  #described(next: OriginsDocument, { actor, requestId }: Change) {
    const texts = (entries: readonly OriginEntry[]) => new Set(entries.map(entryText));
    const [before, after] = [texts(this.#document[this.#environment]), texts(next[this.#environment])];
    return {
      actor,
      requestId,
      environment: this.#environment,
      from: this.#version,
      to: documentVersion(next),
      added: [...after].filter((text) => !before.has(text)),
      removed: [...before].filter((text) => !after.has(text)),
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

interface Change {
  readonly actor: string;
  readonly requestId: string;
}

function entryText({ kind, value, credentials }: OriginEntry): string {
  return `${kind} ${value}${credentials ? " with credentials" : ""}`;
}

function conflict(version: string): AppError {
  return new AppError("conflict", "The list has been changed meanwhile; read it again.", {
    details: { version },
  });
}

function configError(where: string, error: unknown): AppError {
  const { message } = AppError.from(error);
  return new AppError("config.invalid", `${where}: ${message}`, { cause: error });
}
