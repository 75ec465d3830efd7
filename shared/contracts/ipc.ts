import { z } from "zod";
import { ERROR_CODES } from "#kernel/errors.ts";
import { JOB_VALUES, jobValuesSchema, markSchema } from "./mark.ts";
import { markSpecSchema } from "./mark-spec.ts";
import { MEDIA_STATES } from "./media-state.ts";

/**
 * The one contract of window and core. Preload bridge, Electron main, local daemon and the window's client all derive
 * from it; a handler that is missing does not compile.
 */

const errorBody = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});

export const jobViewSchema = z.object({
  id: z.string(),
  /** Absolute path of the folder. */
  root: z.string(),
  label: z.string(),
  state: z.enum(["scanning", "running", "waiting", "done", "cancelled"]),
  /** Why it waits ("The store does not answer. …"), when it does. */
  waitingFor: errorBody.nullable(),
  found: z.number(),
  /** Pictures in each state; they add up to `found`. */
  counts: z.partialRecord(z.enum(MEDIA_STATES), z.number()),
  /** Of `found`: pictures that the store had, marked, before this import. */
  already: z.number(),
  /** Files passed over because they are no pictures. */
  ignored: z.number(),
  bytesTotal: z.number(),
  bytesSent: z.number(),
  bytesPerSecond: z.number(),
  picturesPerSecond: z.number(),
  /** `null` while unknown. */
  etaSeconds: z.number().nullable(),
  startedAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
  mark: markSchema,
});
export type JobView = z.infer<typeof jobViewSchema>;

export const itemViewSchema = z.object({
  id: z.string(),
  jobId: z.string(),
  /** Place in the job's list, from 0, never changes. */
  index: z.number(),
  /** Path below the job's root, with `/`. */
  file: z.string(),
  size: z.number(),
  state: z.enum(MEDIA_STATES),
  /** The store had it, marked, before this import. */
  already: z.boolean(),
  bytesSent: z.number(),
  reason: errorBody.nullable(),
  objectKey: z.string().nullable(),
  markedKey: z.string().nullable(),
  traceId: z.string(),
});
export type ItemView = z.infer<typeof itemViewSchema>;

/** Name of a template's file without its extension. A plain name: no folder, nothing hidden. */
export const templateNameSchema = z
  .string()
  .max(100)
  .regex(/^(?![.\s])[^\p{Cc}\\/:*?"<>|]*[^\p{Cc}\\/:*?"<>|.\s]$/u);
/** SHA-256 of a template's text. */
const revisionSchema = z.string().regex(/^[0-9a-f]{64}$/);

export const templateSummarySchema = z.object({
  name: templateNameSchema,
  revision: revisionSchema,
  /** The last good version, which imports are marked with; `null`: there has been none. */
  inForce: z.string().nullable(),
  /** Of the newest text. */
  errors: z.number(),
  /** What the version in force asks of the job and of whom the copies are for. */
  asks: z.array(z.enum(JOB_VALUES)),
});
export type TemplateSummary = z.infer<typeof templateSummarySchema>;

const none = z.object({});
const jobRef = z.object({ jobId: z.string() });

/** `query` asks and changes nothing, `command` changes something. */
export const channels = {
  "app.info": {
    kind: "query",
    request: none,
    response: z.object({
      version: z.string(),
      shell: z.enum(["desktop", "browser"]),
      platform: z.string(),
      home: z.string(),
      /** Where pictures go, without credentials: "this computer" is `null`. */
      storeUrl: z.string().nullable(),
      serverUrl: z.string().nullable(),
      defaultMark: markSpecSchema,
    }),
  },
  "folder.choose": {
    kind: "command",
    /** Only where the shell is `desktop`. `null`: the dialog was cancelled. */
    request: none,
    response: z.object({ path: z.string().nullable() }),
  },
  "folder.list": {
    kind: "query",
    /** `null`: the user's own folder. */
    request: z.object({ path: z.string().nullable() }),
    response: z.object({
      path: z.string(),
      parent: z.string().nullable(),
      folders: z.array(z.object({ name: z.string(), path: z.string() })),
      /** Pictures directly in this folder. */
      pictures: z.number(),
    }),
  },
  "import.start": {
    kind: "command",
    /** `template`: the name of one of the home folder's templates; it goes before `mark`. `values`: what it asks for. */
    request: z.object({
      path: z.string().min(1),
      mark: markSpecSchema.partial().optional(),
      template: templateNameSchema.optional(),
      values: jobValuesSchema.optional(),
    }),
    response: jobRef,
  },
  "import.samples": { kind: "command", request: none, response: jobRef },
  "import.cancel": { kind: "command", request: jobRef, response: none },
  /** Tries failed pictures again; no `itemIds`: all of them. */
  "import.retry": {
    kind: "command",
    request: z.object({ jobId: z.string(), itemIds: z.array(z.string()).max(10_000).optional() }),
    response: z.object({ retried: z.number() }),
  },
  "jobs.list": { kind: "query", request: none, response: z.object({ jobs: z.array(jobViewSchema) }) },
  "items.page": {
    kind: "query",
    request: z.object({
      jobId: z.string(),
      filter: z.enum(["all", "failed", "marked"]).default("all"),
      offset: z.number().int().min(0),
      limit: z.number().int().min(1).max(500),
    }),
    response: z.object({ total: z.number(), items: z.array(itemViewSchema) }),
  },
  "templates.list": {
    kind: "query",
    request: none,
    /** `logos`: PNG and SVG files that templates may name, as they name them. */
    response: z.object({ templates: z.array(templateSummarySchema), logos: z.array(z.string()) }),
  },
  "templates.read": {
    kind: "query",
    request: z.object({ name: templateNameSchema }),
    response: z.object({ text: z.string(), revision: revisionSchema }),
  },
  /** `base`: the revision that was changed, `null` for a new file. Answered by `conflict` or `already_exists` when the
   *  file is another by now; nothing is written then. */
  "templates.save": {
    kind: "command",
    request: z.object({
      name: templateNameSchema,
      text: z.string().max(262_144),
      base: revisionSchema.nullable(),
    }),
    response: z.object({ revision: revisionSchema }),
  },
  "templates.remove": {
    kind: "command",
    request: z.object({ name: templateNameSchema, base: revisionSchema }),
    response: none,
  },
} as const satisfies Record<string, { kind: "query" | "command"; request: z.ZodType; response: z.ZodType }>;

/** At most 10 a second for each job. `connection.changed` comes from the shell around a core, never from a core. */
export const events = {
  "connection.changed": z.object({ connected: z.boolean() }),
  "job.changed": z.object({ job: jobViewSchema }),
  "items.changed": z.object({ jobId: z.string(), items: z.array(itemViewSchema).max(500) }),
  /** Ask for the list again. */
  "templates.changed": none,
} as const satisfies Record<string, z.ZodType>;

export type Channel = keyof typeof channels;
export type Request<C extends Channel> = z.input<(typeof channels)[C]["request"]>;
export type ParsedRequest<C extends Channel> = z.output<(typeof channels)[C]["request"]>;
export type Response<C extends Channel> = z.output<(typeof channels)[C]["response"]>;
export type EventName = keyof typeof events;
export type EventPayload<E extends EventName> = z.output<(typeof events)[E]>;

/** What a core offers: one function a channel. */
export type Handlers = {
  readonly [C in Channel]: (
    request: ParsedRequest<C>,
    context: { readonly signal: AbortSignal },
  ) => Promise<Response<C>>;
};

/** What answers travel as. */
export type Answer<T> = { readonly ok: T } | { readonly error: z.infer<typeof errorBody> };

/** What a window calls; one implementation over the preload bridge, one over HTTP and an event stream. */
export interface CoreClient {
  call<C extends Channel>(channel: C, request: Request<C>): Promise<Response<C>>;
  on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void): () => void;
  /** False while the core does not answer; the window says so and tries again by itself. */
  onConnection(listener: (connected: boolean) => void): () => void;
  /** `paths`: `drop` wants what was dropped itself (a folder stays one entry) and reads it from disk;
   *  `contents`: it wants every file below, because their bytes must travel. */
  readonly drops: "paths" | "contents";
  /** Hands dropped files or folders over, and starts the import. Aborted: nothing is imported. @throws AppError */
  drop(files: readonly DroppedFile[], options?: DropOptions): Promise<{ readonly jobId: string }>;
}

/** What dropped pictures are marked with, as `import.start` has it. */
export interface DropOptions extends Pick<Request<"import.start">, "mark" | "template" | "values"> {
  readonly signal?: AbortSignal;
  /** Files handed over so far. */
  readonly onProgress?: (handedOver: number) => void;
}

export interface DroppedFile {
  readonly file: File;
  /** Path below what was dropped, with `/`, the file's own name last. */
  readonly relativePath: string;
}

/** What a core offers to whatever shows its window (Electron main or the local daemon). */
export interface WindowCore {
  readonly handlers: Handlers;
  subscribe(listener: <E extends EventName>(event: E, payload: EventPayload<E>) => void): () => void;
  /** The bytes behind `thumbPath`, `previewPath`, `picturePath` and `logoPath`; `null` for anything else. */
  asset(
    path: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly body: Uint8Array; readonly contentType: string } | null>;
}

export function isChannel(name: string): name is Channel {
  return Object.hasOwn(channels, name);
}

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}

/** What the preload bridge puts into the window as `window.platemark`; unknown names throw. */
export interface WindowBridge {
  call(channel: Channel, request: unknown): Promise<Answer<unknown>>;
  on(event: EventName, listener: (payload: unknown) => void): () => void;
  /** Absolute path of a dropped or chosen file; empty when it has none. */
  pathForFile(file: File): string;
}

/** Below the window's own origin: a WebP of at most 320 pixels. */
export const thumbPath = (itemId: string) => `thumb/${encodeURIComponent(itemId)}`;
/** Below the window's own origin: a WebP of at most 2,048 pixels. */
export const previewPath = (itemId: string, which: "original" | "marked") =>
  `preview/${which}/${encodeURIComponent(itemId)}`;
/** Below the window's own origin: the picture's own file, where browsers can decode it. */
export const picturePath = (itemId: string) => `picture/${encodeURIComponent(itemId)}`;
/** Below the window's own origin: a file that templates name. */
export const logoPath = (name: string) => `logo/${encodeURIComponent(name)}`;
