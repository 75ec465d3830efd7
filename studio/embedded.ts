import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createControlPlaneClient } from "#contracts/client.ts";
import type { Settings } from "#contracts/settings.ts";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { fontFamilies } from "#template/font-families.ts";
import { sampleTemplates } from "../server/adapters/imaging/locations.ts";
import { folderAssets } from "../server/adapters/templates/folder-assets.ts";
import { TemplateFolder } from "../server/adapters/templates/template-folder.ts";
import type { StartedServer } from "../server/create-server.ts";
import { WorkerSupervisor } from "../server/worker-supervisor.ts";
import { createUndiciTransport } from "./adapters/undici-transport.ts";
import { createControlPlane } from "./control-plane/connect-control-plane.ts";
import { createStudio, type Studio } from "./core.ts";
import { lockHome } from "./home-lock.ts";
import type { ImportLimits } from "./import/import-lane.ts";
import type { SpawnChild } from "./ports/child-process.ts";
import { PROGRAM_VERSION } from "./program-version.ts";
import { prepareTemplateFolder, type TemplateSource } from "./templates/templates.ts";
import { renewingToken } from "./token-source.ts";

/** Decoded pictures that one mark may need. Bytes. */
const MEMORY_PER_MARK = 256 * 1024 * 1024;
const MIB = 1024 * 1024;
/** Requests to the store at once. */
const REQUESTS = 8;

export interface OpenStudioOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly spawnChild: SpawnChild;
  /** What shows its window. @default "desktop" within Electron, else "browser" */
  readonly shell?: "desktop" | "browser";
  readonly chooseFolder?: () => Promise<string | null>;
  /** Goes on with imports that an earlier process did not finish. @default true */
  readonly takeUp?: boolean;
  readonly limits?: ImportLimits;
  /** Waits while another process works in this home. @default false */
  readonly waitForHome?: boolean;
  /** Opens only when the worker can mark; else see `OpenedStudio.workersReady`. @default true */
  readonly waitForWorkers?: boolean;
  /** Told once when there is another process to wait for. */
  readonly onHomeWait?: (pid: number | null) => void;
  /** Told what the start waits for, and `null` when it goes on. */
  readonly onTrouble?: (error: AppError | null) => void;
  readonly signal?: AbortSignal;
}

export interface OpenedStudio extends AsyncDisposable {
  readonly studio: Studio;
  /** The control plane, without a path. */
  readonly url: string;
  /** Resolves when the worker takes jobs. @throws AppError `unavailable` when it cannot. */
  readonly workersReady: Promise<void>;
}

/**
 * The whole of Platemark in a home folder: the lock on it, a server with its worker (unless `settings.serverUrl` names
 * one elsewhere), and the studio's core, started and connected. The one way in for command line, daemon and desktop.
 * @throws AppError `home.locked`, `config.invalid`, `unavailable`, `unauthenticated`, `store.refused`, `aborted`.
 */
export async function openStudio(options: OpenStudioOptions): Promise<OpenedStudio> {
  const { settings, logger, spawnChild } = options;
  const signal = options.signal ?? new AbortController().signal;
  const clock = systemClock;
  const random = systemRandom;
  await using stack = new AsyncDisposableStack();
  await mkdir(join(settings.home, "tmp"), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new AppError(
      "config.invalid",
      `The home folder ${settings.home} cannot be made. Allow it, or name another with --home.`,
      { cause },
    );
  });
  stack.use(
    await lockHome(settings.home, {
      clock,
      signal,
      wait: options.waitForHome ?? false,
      onWait: options.onHomeWait,
    }),
  );
  const server = await connect(settings, options, stack);
  const templates = await openTemplates(settings.home, logger, signal, stack);
  const transport = stack.use(createUndiciTransport({ connections: REQUESTS }));
  const studio = stack.use(
    createStudio(
      {
        controlPlane: createControlPlane(
          createControlPlaneClient({ baseUrl: server.url, token: server.token }),
        ),
        transport,
        clock,
        random,
        logger,
        spawnChild,
        templates,
        makeSamples: async (folder, count, sampleOptions) => {
          const { makeSamplePictures } = await import("../server/adapters/imaging/sample-pictures.ts");
          await makeSamplePictures(folder, count, sampleOptions);
        },
        ...(options.chooseFolder && { chooseFolder: options.chooseFolder }),
      },
      {
        home: settings.home,
        defaultMark: settings.mark,
        info: {
          version: PROGRAM_VERSION,
          shell: options.shell ?? ("electron" in process.versions ? "desktop" : "browser"),
          platform: process.platform,
          storeUrl: settings.s3Url ?? null,
          serverUrl: settings.serverUrl ?? null,
        },
        limits: {
          requests: REQUESTS,
          // The built-in store holds pictures on their way in this same process.
          heldBytes: isStoreHere(settings) ? 16 * MIB : 32 * MIB,
          ...options.limits,
        },
        takeUp: options.takeUp ?? true,
      },
    ),
  );
  await Promise.all([
    options.waitForWorkers === false ? undefined : server.workersReady,
    studio.start({ signal, ...(options.onTrouble && { onTrouble: options.onTrouble }) }),
  ]);
  const everything = stack.move();
  return {
    studio,
    url: server.url,
    workersReady: server.workersReady,
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

async function openTemplates(
  home: string,
  logger: Logger,
  signal: AbortSignal,
  stack: AsyncDisposableStack,
): Promise<TemplateSource> {
  const folder = join(home, "templates");
  await prepareTemplateFolder(folder, { samples: sampleTemplates(), logger });
  const library = stack.use(
    new TemplateFolder({ clock: systemClock, logger }, { folder, fonts: fontFamilies(SHIPPED_FONTS) }),
  );
  await library.start({ signal });
  return { folder, library, assets: folderAssets(folder) };
}

function isStoreHere(settings: Settings): boolean {
  return settings.serverUrl === undefined && settings.s3Url === undefined;
}

interface ConnectedServer {
  readonly url: string;
  readonly token: () => Promise<string>;
  readonly workersReady: Promise<void>;
}

async function connect(
  settings: Settings,
  options: OpenStudioOptions,
  stack: AsyncDisposableStack,
): Promise<ConnectedServer> {
  // Only where it is needed: a server's parts take memory that a client of another one has no use for.
  const { mintToken, newLaunchToken } = await import("../server/edge/tokens.ts");
  const { serverUrl, token, tokenSecret: secret } = settings;
  if (serverUrl !== undefined) {
    const { user, s3Bucket: bucket } = settings;
    const workersReady = Promise.resolve();
    if (token !== undefined) return { url: serverUrl, token: async () => token, workersReady };
    if (secret === undefined)
      throw new AppError(
        "config.invalid",
        "PLATEMARK_SERVER_URL needs PLATEMARK_TOKEN, or PLATEMARK_TOKEN_SECRET to make tokens with.",
        { details: { setting: "token" } },
      );
    const mint = (when: { readonly ttlSeconds: number; readonly now: number }) =>
      mintToken({ secret, user, bucket, ...when });
    return { url: serverUrl, token: renewingToken(mint, systemClock), workersReady };
  }
  const { createServer } = await import("../server/create-server.ts");
  const launchToken = newLaunchToken();
  const server = stack.use(
    createServer(
      { settings, auth: { kind: "launch", token: launchToken }, version: PROGRAM_VERSION },
      { clock: systemClock, random: systemRandom, logger: options.logger },
    ),
  );
  const started = await server.start();
  const supervisor = stack.use(
    new WorkerSupervisor(
      {
        spawn: () => options.spawnChild("worker"),
        clock: systemClock,
        random: systemRandom,
        logger: options.logger,
      },
      { settings: workerSettings(settings, started) },
    ),
  );
  const workersReady = supervisor.start();
  workersReady.catch(() => {});
  return { url: started.url, token: async () => launchToken, workersReady };
}

function workerSettings(settings: Settings, { connections }: StartedServer) {
  const concurrency = settings.markConcurrency ?? availableParallelism();
  return {
    connections,
    concurrency,
    memoryBudgetBytes: concurrency * MEMORY_PER_MARK,
    tempDir: join(settings.home, "tmp"),
    logLevel: settings.logLevel,
  };
}
