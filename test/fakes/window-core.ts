import type {
  EventName,
  EventPayload,
  Handlers,
  ItemView,
  JobView,
  Request,
  WindowCore,
} from "#contracts/ipc.ts";
import { isTemplateRef, type JobValueName } from "#contracts/mark.ts";
import { DEFAULT_MARK, type MarkSpec } from "#contracts/mark-spec.ts";
import type { MediaState } from "#contracts/media-state.ts";
import { AppError, type ErrorBody } from "#kernel/errors.ts";
import { revisionOf } from "../../studio/templates/template-files.ts";
import { drawPicture } from "./drawn-picture.ts";

export interface ScriptedJob {
  readonly id: string;
  readonly label: string;
  readonly pictures: number;
  /** Places in the list that fail, and why. */
  readonly failures?: ReadonlyMap<number, ErrorBody>;
  readonly already?: number;
  readonly ignored?: number;
}

const STEPS: readonly MediaState[] = ["found", "queued", "uploading", "uploaded", "marking", "marked"];
/** Pictures on their way at once. */
const IN_FLIGHT = 12;

/** A core that plays a script: jobs of any length that move on when `advance` is called, and nothing behind them. */
export class ScriptedCore implements WindowCore {
  readonly calls: { readonly channel: string; readonly request: unknown }[] = [];
  readonly handlers: Handlers;
  /** Texts by name; a test may change them as another program would. */
  readonly templates = new Map<string, string>();
  /** What a template asks of the job, by its name. */
  readonly asks = new Map<string, readonly JobValueName[]>();
  readonly #listeners = new Set<<E extends EventName>(event: E, payload: EventPayload<E>) => void>();
  readonly #jobs = new Map<string, { view: JobView; items: ItemView[]; script: ScriptedJob; next: number }>();
  readonly #newJob: () => ScriptedJob;
  #started = 0;

  constructor(options: { readonly jobs?: readonly ScriptedJob[]; readonly newJob?: () => ScriptedJob } = {}) {
    this.#newJob =
      options.newJob ?? (() => ({ id: `job-${++this.#started}`, label: "Sample pictures", pictures: 24 }));
    for (const job of options.jobs ?? []) this.#add(job, DEFAULT_MARK);
    this.handlers = this.#createHandlers();
  }

  subscribe(listener: <E extends EventName>(event: E, payload: EventPayload<E>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async asset(path: string) {
    const [, , id] = /^(thumb|picture|preview\/original|preview\/marked)\/(.+)$/.exec(path) ?? [];
    if (id === undefined) return null;
    const [jobId = "", index = "0"] = decodeURIComponent(id).split(":");
    const item = this.#jobs.get(jobId)?.items[Number(index)];
    if (item === undefined || item.reason?.code.startsWith("picture.")) return null;
    const { mark } = this.#jobs.get(jobId)!.view;
    const text = isTemplateRef(mark) ? mark.template : mark.text;
    return drawPicture(
      item.index,
      path.startsWith("thumb") ? 320 : 2048,
      path.startsWith("preview/marked") ? text : null,
    );
  }

  /** Moves `pictures` further pictures of a job to their end, with the steps between, and tells listeners once. */
  advance(jobId: string, pictures: number): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined || job.view.state === "done" || job.view.state === "cancelled") return;
    job.next = Math.min(job.items.length, job.next + pictures);
    const changed: ItemView[] = [];
    for (let index = Math.max(0, job.next - pictures - IN_FLIGHT); index < job.items.length; index += 1) {
      if (index >= job.next + IN_FLIGHT) break;
      const behind = job.next - index;
      const before = job.items[index]!;
      const step = Math.max(1, STEPS.length - 1 - Math.ceil(Math.max(0, 1 - behind) / 3));
      const failure = job.script.failures?.get(index);
      const after = behind > 0 ? settled(before, failure) : underWay(before, STEPS[step] ?? "queued");
      if (after === before) continue;
      job.items[index] = after;
      changed.push(after);
    }
    this.#tally(job);
    for (let at = 0; at < changed.length; at += 500)
      this.#emit("items.changed", { jobId, items: changed.slice(at, at + 500) });
    this.#emit("job.changed", { job: job.view });
  }

  finish(jobId: string): void {
    this.advance(jobId, Number.MAX_SAFE_INTEGER / 2);
  }

  /** Stops a job for a reason, as when the store does not answer. */
  hold(jobId: string, waitingFor: ErrorBody | null): void {
    const job = this.#jobs.get(jobId)!;
    job.view = { ...job.view, state: waitingFor === null ? "running" : "waiting", waitingFor };
    this.#emit("job.changed", { job: job.view });
  }

  #emit<E extends EventName>(event: E, payload: EventPayload<E>): void {
    for (const listener of this.#listeners) listener(event, payload);
  }

  #add(script: ScriptedJob, mark: MarkSpec): JobView {
    const items = Array.from({ length: script.pictures }, (_, index) => foundItem(script, index));
    const view: JobView = {
      id: script.id,
      root: `/pictures/${script.label}`,
      label: script.label,
      state: "running",
      waitingFor: null,
      found: items.length,
      counts: { found: items.length },
      already: script.already ?? 0,
      ignored: script.ignored ?? 0,
      bytesTotal: items.reduce((sum, item) => sum + item.size, 0),
      bytesSent: 0,
      bytesPerSecond: 0,
      picturesPerSecond: 0,
      etaSeconds: null,
      startedAtMs: 1_760_000_000_000 + this.#jobs.size * 60_000,
      finishedAtMs: null,
      mark,
    };
    this.#jobs.set(script.id, { view, items, script, next: 0 });
    return view;
  }

  #tally(job: { view: JobView; items: ItemView[]; next: number }): void {
    const counts: Partial<Record<MediaState, number>> = {};
    let bytesSent = 0;
    for (const item of job.items) {
      counts[item.state] = (counts[item.state] ?? 0) + 1;
      bytesSent += item.bytesSent;
    }
    const done = job.next >= job.items.length;
    job.view = {
      ...job.view,
      counts,
      bytesSent,
      state: done ? "done" : "running",
      bytesPerSecond: done ? 0 : 92_000_000,
      picturesPerSecond: done ? 0 : 38,
      etaSeconds: done ? null : Math.ceil((job.items.length - job.next) / 38),
      finishedAtMs: done ? job.view.startedAtMs + 79_000 : null,
    };
  }

  #job(jobId: string) {
    const job = this.#jobs.get(jobId);
    if (job === undefined) throw new AppError("not_found", "There is no such import.");
    return job;
  }

  #start(request: { readonly mark?: Request<"import.start">["mark"] }): { jobId: string } {
    const mark = { ...DEFAULT_MARK, ...Object.fromEntries(Object.entries(request.mark ?? {})) } as MarkSpec;
    const view = this.#add(this.#newJob(), mark);
    this.#emit("job.changed", { job: view });
    return { jobId: view.id };
  }

  #retry(jobId: string, itemIds: readonly string[] | undefined): { retried: number } {
    const job = this.#job(jobId);
    const failed = job.items.filter(
      (item) => item.state === "failed" && (itemIds === undefined || itemIds.includes(item.id)),
    );
    for (const item of failed)
      job.items[item.index] = { ...settled({ ...item, reason: null, state: "queued" }, undefined) };
    this.#tally(job);
    this.#emit("items.changed", { jobId, items: failed.slice(0, 500).map((item) => job.items[item.index]!) });
    this.#emit("job.changed", { job: job.view });
    return { retried: failed.length };
  }

  #createHandlers(): Handlers {
    const record = <Q, A>(channel: string, answer: (request: Q) => A) => {
      return async (request: Q) => {
        this.calls.push({ channel, request });
        return answer(request);
      };
    };
    return {
      "app.info": record("app.info", () => ({
        version: "0.1.0",
        shell: "browser" as const,
        platform: "linux",
        home: "/home/studio/.platemark",
        storeUrl: null,
        serverUrl: null,
        defaultMark: DEFAULT_MARK,
      })),
      "folder.choose": record("folder.choose", () => ({ path: null })),
      "folder.list": record("folder.list", ({ path }) => listFolder(path)),
      "import.start": record("import.start", (request) => this.#start(request)),
      "import.samples": record("import.samples", () => this.#start({})),
      "import.cancel": record("import.cancel", ({ jobId }) => {
        const job = this.#job(jobId);
        job.view = {
          ...job.view,
          state: "cancelled",
          finishedAtMs: job.view.startedAtMs + 30_000,
          etaSeconds: null,
        };
        this.#emit("job.changed", { job: job.view });
        return {};
      }),
      "import.retry": record("import.retry", ({ jobId, itemIds }) => this.#retry(jobId, itemIds)),
      "jobs.list": record("jobs.list", () => ({ jobs: [...this.#jobs.values()].map((job) => job.view) })),
      "items.page": record("items.page", ({ jobId, filter, offset, limit }) => {
        const { items } = this.#job(jobId);
        const listed =
          filter === "all"
            ? items
            : items.filter(
                (item) => item.state === filter || (filter === "marked" && item.state === "published"),
              );
        return { total: listed.length, items: listed.slice(offset, offset + limit) };
      }),
      "templates.list": record("templates.list", () => ({
        templates: [...this.templates].map(([name, text]) => ({
          name,
          revision: revisionOf(text),
          inForce: null,
          asks: [...(this.asks.get(name) ?? [])],
          errors: 0,
        })),
        logos: [],
      })),
      "templates.read": record("templates.read", ({ name }) => {
        const text = this.templates.get(name);
        if (text === undefined) throw new AppError("not_found", `There is no template “${name}” any more.`);
        return { text, revision: revisionOf(text) };
      }),
      "templates.save": record("templates.save", ({ name, text, base }) => {
        const there = this.templates.get(name);
        if (base === null && there !== undefined)
          throw new AppError("already_exists", "It is there already.");
        if (base !== null && (there === undefined || revisionOf(there) !== base))
          throw new AppError("conflict", `The template “${name}” was changed elsewhere meanwhile.`);
        this.templates.set(name, text);
        this.#emit("templates.changed", {});
        return { revision: revisionOf(text) };
      }),
      "templates.remove": record("templates.remove", ({ name }) => {
        this.templates.delete(name);
        this.#emit("templates.changed", {});
        return {};
      }),
    };
  }
}

function foundItem(job: ScriptedJob, index: number): ItemView {
  return {
    id: `${job.id}:${index}`,
    jobId: job.id,
    index,
    file: `${index % 7 < 4 ? "Chairs" : "Lamps"}/PM-${String(index + 1).padStart(5, "0")}.jpg`,
    size: 1_800_000 + ((index * 7919) % 9_000_000),
    state: "found",
    already: index < (job.already ?? 0),
    bytesSent: 0,
    reason: null,
    objectKey: null,
    markedKey: null,
    traceId: (index + 0x1000).toString(16).padStart(32, "4bf92f3577b34da6"),
  };
}

function underWay(item: ItemView, state: MediaState): ItemView {
  if (STEPS.indexOf(state) <= STEPS.indexOf(item.state)) return item;
  const sent = state === "queued" ? 0 : state === "uploading" ? Math.round(item.size * 0.6) : item.size;
  return { ...item, state, bytesSent: sent };
}

function settled(item: ItemView, failure: ErrorBody | undefined): ItemView {
  if (item.state === "marked" || item.state === "failed") return item;
  if (failure !== undefined) return { ...item, state: "failed", bytesSent: 0, reason: failure };
  const key = `studio/${item.traceId}.jpg`;
  return {
    ...item,
    state: "marked",
    bytesSent: item.size,
    objectKey: `raw/${key}`,
    markedKey: `watermarked/${key}`,
  };
}

function listFolder(path: string | null) {
  const at = path ?? "/home/studio";
  const depth = at.split("/").length;
  const names = depth > 5 ? [] : ["Autumn lookbook", "Chairs 2026", "Lamps", "Returns"];
  return {
    path: at,
    parent: at === "/" ? null : at.slice(0, at.lastIndexOf("/")) || "/",
    folders: names.map((name) => ({ name, path: `${at}/${name}` })),
    pictures: depth > 3 ? 318 : 0,
  };
}
