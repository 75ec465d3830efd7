import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Handlers, Response, WindowCore } from "#contracts/ipc.ts";
import { type MarkSpec, markSpecSchema } from "#contracts/mark-spec.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { Transport } from "#upload/ports.ts";
import type { ControlPlane } from "./control-plane/control-plane.ts";
import type { ImportLimits } from "./import/import-lane.ts";
import { Imports } from "./import/imports.ts";
import { Journal } from "./journal/journal.ts";
import { listFolder } from "./list-folder.ts";
import type { SpawnChild } from "./ports/child-process.ts";
import { PictureAssets } from "./previews/picture-assets.ts";
import { PictureFiles } from "./previews/picture-files.ts";
import { PreviewCache } from "./previews/preview-cache.ts";
import { PreviewClient } from "./previews/preview-client.ts";
import { type TemplateSource, Templates } from "./templates/templates.ts";

/** Sample pictures that the first screen offers. */
const SAMPLES = 24;
const DEFAULT_PREVIEW_BYTES = 512 * 1024 * 1024;

export interface StudioDeps {
  readonly controlPlane: ControlPlane;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly spawnChild: SpawnChild;
  readonly templates: TemplateSource;
  /** Makes sample pictures in a folder. */
  readonly makeSamples: (
    folder: string,
    count: number,
    options: { readonly signal: AbortSignal },
  ) => Promise<unknown>;
  /** The system's dialog, where the shell has one. `null`: cancelled. */
  readonly chooseFolder?: () => Promise<string | null>;
}

export interface StudioOptions {
  /** Folder of all local data; exists. */
  readonly home: string;
  readonly defaultMark: MarkSpec;
  readonly info: Omit<Response<"app.info">, "home" | "defaultMark">;
  readonly limits?: ImportLimits;
  /** Bytes of previews kept on disk. @default 512 MiB */
  readonly previewCacheBytes?: number;
  /** Goes on with imports that an earlier process did not finish. @default false */
  readonly takeUp?: boolean;
}

export interface Studio extends AsyncDisposable {
  /** Finds the server; waits while it does not answer.
   *  @throws AppError `unauthenticated`, `permission_denied`, `aborted`. */
  start(options: {
    readonly signal: AbortSignal;
    readonly onTrouble?: (error: AppError | null) => void;
  }): Promise<void>;
  readonly imports: Imports;
  /** Makes the sample pictures, when they are not there yet, and answers their folder. */
  samples(options: { readonly signal: AbortSignal }): Promise<string>;
  /** What a window talks to. */
  readonly core: WindowCore;
}

/** The core behind window and command line: imports, journal and previews, over whatever server it is given. Opens its
 *  files in the home folder at once, and speaks to nobody before `start`. */
export function createStudio(deps: StudioDeps, options: StudioOptions): Studio {
  const { controlPlane, clock } = deps;
  const { home, defaultMark } = options;
  const journal = Journal.open(join(home, "journal.sqlite"));
  const imports = new Imports({ ...deps, journal }, options.limits);
  const cache = PreviewCache.open(join(home, "thumbs"), options.previewCacheBytes ?? DEFAULT_PREVIEW_BYTES);
  const previews = new PreviewClient(deps.spawnChild);
  const assets = new PictureAssets({ journal, controlPlane, previews, cache, clock });
  const pictures = new PictureFiles(journal);
  const templates = new Templates(deps.templates);

  const samples = async ({ signal }: { readonly signal: AbortSignal }) => {
    const folder = join(home, "samples");
    const there = await readdir(folder).catch(() => []);
    if (there.length < SAMPLES) await deps.makeSamples(folder, SAMPLES, { signal });
    return folder;
  };
  const begin = async (path: string, mark: Partial<MarkSpec> = {}) => {
    const wanted = markSpecSchema.parse({ ...defaultMark, ...mark });
    return { jobId: (await imports.begin(path, { mark: wanted })).id };
  };
  const asset: WindowCore["asset"] = async (path, asked) => {
    const [, room, name] = /^(picture|logo)\/([^/]+)$/.exec(path) ?? [];
    if (room === undefined || name === undefined) return await assets.get(path, asked);
    if (room === "picture") return await pictures.get(name, asked);
    return await templates.logo(decodeURIComponent(name), asked);
  };
  const handlers = {
    "app.info": async () => ({ ...options.info, home, defaultMark }),
    "folder.choose": async () => {
      if (deps.chooseFolder) return { path: await deps.chooseFolder() };
      throw new AppError(
        "permission_denied",
        "There is no folder dialog here. Type the folder's path, or walk to it.",
      );
    },
    "folder.list": ({ path }, { signal }) => listFolder(path, { signal }),
    "import.start": async ({ path, mark, template, values }, { signal }) =>
      template === undefined
        ? await begin(path, withoutUndefined(mark))
        : { jobId: (await imports.begin(path, await templates.pin(template, { values, signal }))).id },
    "import.samples": async (_request, { signal }) => begin(await samples({ signal })),
    "import.cancel": async ({ jobId }) => {
      await imports.cancel(jobId);
      return {};
    },
    "import.retry": async ({ jobId, itemIds }) => ({ retried: await imports.retry(jobId, itemIds) }),
    "jobs.list": async () => ({ jobs: [...imports.jobs()] }),
    "items.page": async ({ jobId, filter, offset, limit }) => imports.page(jobId, filter, offset, limit),
    "templates.list": () => templates.list(),
    "templates.read": ({ name }) => templates.files.read(name),
    "templates.save": async ({ name, text, base }) => ({
      revision: await templates.files.save(name, text, base),
    }),
    "templates.remove": async ({ name, base }) => {
      await templates.files.remove(name, base);
      return {};
    },
  } satisfies Handlers;

  return {
    imports,
    samples,
    core: {
      handlers,
      subscribe(listener) {
        const stops = [
          imports.events.subscribe(listener),
          templates.onChange(() => listener("templates.changed", {})),
        ];
        return () => {
          for (const stop of stops) stop();
        };
      },
      asset,
    },
    async start(startOptions) {
      await imports.start(startOptions);
      if (options.takeUp) await imports.takeUpAll();
    },
    async [Symbol.asyncDispose]() {
      await imports[Symbol.asyncDispose]();
      previews[Symbol.dispose]();
      cache[Symbol.dispose]();
      journal[Symbol.dispose]();
    },
  };
}

function withoutUndefined<T extends object>(
  value: T | undefined,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value ?? {}).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
