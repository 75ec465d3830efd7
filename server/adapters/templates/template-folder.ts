import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isTemporaryName } from "#contracts/picture-types.ts";
import { abortReason } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { AssetSource } from "#template/assets.ts";
import { compileTemplate } from "#template/compile.ts";
import type { Diagnostic } from "#template/diagnostic.ts";
import type { FontFamily } from "#template/lower-layer.ts";
import {
  TEMPLATE_EXTENSION,
  type TemplateChange,
  type TemplateEntry,
  type TemplateInForce,
  type TemplateLibrary,
} from "#template/template-library.ts";
import { templateVersion } from "#template/template-version.ts";
import { folderAssets } from "./folder-assets.ts";
import { FolderBell } from "./folder-bell.ts";
import { readTemplateFile, stampOf } from "./read-template.ts";

export interface TemplateFolderOptions {
  readonly folder: string;
  /** What can be drawn. */
  readonly fonts: readonly FontFamily[];
  /** How long a file must have rested before it is read. Milliseconds. @default 500 */
  readonly restMs?: number;
  /** Between two looks at the folder when the system says nothing, as on network drives. Milliseconds. @default 2_000 */
  readonly pollMs?: number;
  /** Whether the system is asked to tell of changes. @default true */
  readonly listen?: boolean;
}

/** What is known of one file, beside its entry. */
interface WatchedFile {
  /** Of the file and of the images that it names, as they were read. */
  readFingerprint: string;
  /** As seen at the last look, and since when it is so. */
  seenFingerprint: string;
  seenSinceMs: number;
  images: readonly string[];
  missingSinceMs: number | null;
}

/**
 * The templates of a folder, as they change. A file is read when its size and time have rested; a good one takes the
 * place of the one before it at once and as a whole, a bad one is reported and the last good version stays in force.
 * Images are watched with the templates that name them. A folder that cannot be read leaves everything as it is.
 */
export class TemplateFolder implements TemplateLibrary, AsyncDisposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #folder: string;
  readonly #fonts: readonly FontFamily[];
  readonly #restMs: number;
  readonly #pollMs: number;
  readonly #bell: FolderBell;
  readonly #stop = new AbortController();
  readonly #files = new Map<string, WatchedFile>();
  readonly #listeners = new Set<(change: TemplateChange) => void>();
  #entries: ReadonlyMap<string, TemplateEntry> = new Map();
  #unreadable = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    deps: { readonly clock: Clock; readonly logger: Logger },
    { folder, fonts, restMs = 500, pollMs = 2_000, listen = true }: TemplateFolderOptions,
  ) {
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#folder = folder;
    this.#fonts = fonts;
    this.#restMs = restMs;
    this.#pollMs = pollMs;
    this.#bell = new FolderBell(deps, { folder, listen });
  }

  get entries(): readonly TemplateEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  find(name: string): TemplateInForce | undefined {
    for (const { inForce } of this.#entries.values()) if (inForce?.name === name) return inForce;
    return undefined;
  }

  subscribe(listener: (change: TemplateChange) => void): Disposable {
    const own = (change: TemplateChange) => listener(change);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => this.#listeners.delete(own) };
  }

  /** Reads what rests in the folder, and watches it from then on. @throws AppError `aborted`. */
  async start({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    const waitMs = await this.#look();
    if (signal.aborted) throw abortReason(signal);
    this.#running = this.#watch(waitMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#bell[Symbol.dispose]();
  }

  async #watch(firstWaitMs: number): Promise<void> {
    const { signal } = this.#stop;
    let waitMs = firstWaitMs;
    while (!signal.aborted) {
      await this.#bell.wait(waitMs, { signal });
      if (!signal.aborted) waitMs = await this.#look();
    }
  }

  /** Goes through the folder once. @returns milliseconds until the next time. */
  async #look(): Promise<number> {
    const names = await this.#names();
    if (names === null) return this.#pollMs;
    let waitMs = this.#pollMs;
    for (const name of names) {
      if (this.#stop.signal.aborted) return waitMs;
      waitMs = Math.min(waitMs, await this.#lookAt(name));
    }
    const present = new Set(names);
    for (const [name, file] of this.#files)
      if (!present.has(name)) waitMs = Math.min(waitMs, this.#miss(name, file));
    return waitMs;
  }

  /** `null`: the folder cannot be read. */
  async #names(): Promise<readonly string[] | null> {
    try {
      const names = (await readdir(this.#folder)).filter(
        (name) =>
          name.toLowerCase().endsWith(TEMPLATE_EXTENSION) && !name.startsWith(".") && !isTemporaryName(name),
      );
      if (this.#unreadable) this.#logger.info("templates.folder_back", { folder: this.#folder });
      this.#unreadable = false;
      return names.sort();
    } catch (error) {
      if (!this.#unreadable)
        this.#logger.warn("templates.folder_unreadable", { folder: this.#folder, error: String(error) });
      this.#unreadable = true;
      this.#bell.forget();
      return null;
    }
  }

  /** Reads a file when it has changed and rests. @returns milliseconds until it may rest. */
  async #lookAt(name: string): Promise<number> {
    const nowMs = this.#clock.now();
    const known = this.#files.get(name);
    const seen = await this.#fingerprint(name, known?.images ?? []);
    if (seen === null) return this.#pollMs;
    const file = known ?? {
      readFingerprint: "",
      seenFingerprint: "",
      seenSinceMs: nowMs,
      images: [],
      missingSinceMs: null,
    };
    this.#files.set(name, file);
    file.missingSinceMs = null;
    if (seen.fingerprint === file.readFingerprint) return this.#pollMs;
    // A clock that was set back must not make it wait for the time between.
    if (seen.fingerprint !== file.seenFingerprint || file.seenSinceMs > nowMs) {
      file.seenFingerprint = seen.fingerprint;
      file.seenSinceMs = nowMs;
    }
    const sinceMs = seen.changedMs <= nowMs ? Math.min(seen.changedMs, file.seenSinceMs) : file.seenSinceMs;
    const restMs = sinceMs + this.#restMs - nowMs;
    if (restMs > 0) return restMs;
    return (await this.#read(name, file)) ? this.#pollMs : this.#restMs;
  }

  async #fingerprint(
    name: string,
    images: readonly string[],
  ): Promise<{ readonly fingerprint: string; readonly changedMs: number } | null> {
    const [own, ...others] = await Promise.all([name, ...images].map((each) => this.#stat(each)));
    if (!own) return null;
    const all = [own, ...others];
    return {
      fingerprint: all.map((each) => each?.stamp ?? "-").join(" "),
      changedMs: Math.max(...all.map((each) => each?.changedMs ?? 0)),
    };
  }

  async #stat(name: string): Promise<{ readonly stamp: string; readonly changedMs: number } | null> {
    const facts = await stat(join(this.#folder, name), { bigint: true }).catch(() => null);
    return facts && { stamp: stampOf(facts), changedMs: Number(facts.mtimeMs) };
  }

  /** @returns whether it was read; not where it was written meanwhile. */
  async #read(name: string, file: WatchedFile): Promise<boolean> {
    const stamps = new Map<string, string>();
    const source = folderAssets(this.#folder);
    const assets: AssetSource = {
      readAsset: async (asset, options) => {
        stamps.set(asset, (await this.#stat(asset))?.stamp ?? "-");
        return source.readAsset(asset, options);
      },
    };
    try {
      const { source: text, stamp } = await readTemplateFile(join(this.#folder, name));
      const { operator, diagnostics } = await compileTemplate(
        text,
        { fonts: this.#fonts, assets },
        { signal: this.#stop.signal },
      );
      file.images = [...stamps.keys()];
      file.readFingerprint = [stamp, ...stamps.values()].join(" ");
      const owner = operator && this.#ownerOf(operator.name, name);
      if (operator && !owner)
        this.#swap("loaded", {
          file: name,
          source: text,
          diagnostics,
          inForce: { name: operator.name, version: templateVersion(operator), operator },
          outdated: false,
        });
      else this.#refuse(name, text, owner ? [...diagnostics, nameTaken(owner)] : diagnostics);
      return true;
    } catch (error) {
      const failure = AppError.from(error, "file.unreadable");
      if (failure.code === "file.changed" || failure.code === "aborted") return false;
      file.readFingerprint = file.seenFingerprint;
      this.#refuse(name, "", [wholeFile("source.unreadable", failure.message)]);
      return true;
    }
  }

  /** The other file whose template has this name. */
  #ownerOf(templateName: string, file: string): string | undefined {
    for (const entry of this.#entries.values())
      if (entry.inForce?.name === templateName && entry.file !== file) return entry.file;
    return undefined;
  }

  #refuse(file: string, source: string, diagnostics: readonly Diagnostic[]): void {
    const inForce = this.#entries.get(file)?.inForce ?? null;
    this.#swap("refused", { file, source, diagnostics, inForce, outdated: true });
  }

  /** @returns milliseconds until it counts as removed; editors take a file away for a moment when they save. */
  #miss(name: string, file: WatchedFile): number {
    const nowMs = this.#clock.now();
    if (file.missingSinceMs === null || file.missingSinceMs > nowMs) file.missingSinceMs = nowMs;
    const restMs = file.missingSinceMs + this.#restMs - nowMs;
    if (restMs > 0) return restMs;
    this.#files.delete(name);
    const entry = this.#entries.get(name);
    if (!entry) return this.#pollMs;
    this.#swap("removed", entry);
    // Its name may be what another file waits for.
    for (const [other, each] of this.#files)
      if (this.#entries.get(other)?.outdated) each.readFingerprint = "";
    return 0;
  }

  #swap(kind: TemplateChange["kind"], entry: TemplateEntry): void {
    const before = this.#entries.get(entry.file);
    const next = new Map(this.#entries);
    if (kind === "removed") next.delete(entry.file);
    else next.set(entry.file, entry);
    this.#entries = next;
    // Where an old name has become free, another file may have been waiting for it.
    if (kind === "loaded" && before?.inForce && before.inForce.name !== entry.inForce?.name)
      for (const [other, each] of this.#files)
        if (other !== entry.file && next.get(other)?.outdated) each.readFingerprint = "";
    this.#logger.info(`template.${kind}`, {
      file: entry.file,
      version: entry.inForce?.version ?? null,
      diagnostics: entry.diagnostics.length,
    });
    for (const listener of this.#listeners) {
      try {
        listener({ kind, entry });
      } catch (error) {
        this.#logger.error("template.listener_failed", { file: entry.file, error: String(error) });
      }
    }
  }
}

function nameTaken(owner: string): Diagnostic {
  return wholeFile(
    "template.name",
    `The template of the file \`${owner}\` has the same name. Give this one another.`,
  );
}

/** Something about a file as a whole. */
function wholeFile(code: Diagnostic["code"], message: string): Diagnostic {
  return {
    code,
    severity: "error",
    message,
    line: 1,
    column: 1,
    endLine: 1,
    endColumn: 1,
    offset: 0,
    endOffset: 0,
  };
}
