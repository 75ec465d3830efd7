import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ControlPlaneClient, createControlPlaneClient } from "#contracts/client.ts";
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
  await makeHome(settings);
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

/**
 * The control plane alone, without a worker: the one that `settings.serverUrl` names, or one that is started here, on the
 * home folder that nobody else works in.
 * @throws AppError as `openStudio` does.
 */
export async function openControlPlane(options: {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<AsyncDisposable & { readonly client: ControlPlaneClient }> {
  const { settings, signal, logger } = options;
  await using stack = new AsyncDisposableStack();
  if (settings.serverUrl === undefined) {
    await makeHome(settings);
    stack.use(await lockHome(settings.home, { clock: systemClock, signal, wait: false }));
  }
  const { url, token } = (await remoteServer(settings)) ?? (await startServer(settings, logger, stack));
  const everything = stack.move();
  return {
    client: createControlPlaneClient({ baseUrl: url, token }),
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

async function makeHome({ home }: Settings): Promise<void> {
  await mkdir(join(home, "tmp"), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new AppError(
      "config.invalid",
      `The home folder ${home} cannot be made. Allow it, or name another with --home.`,
      { cause },
    );
  });
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

interface ServerAccess {
  readonly url: string;
  readonly token: () => Promise<string>;
}

interface ConnectedServer extends ServerAccess {
  readonly workersReady: Promise<void>;
}

async function connect(
  settings: Settings,
  options: OpenStudioOptions,
  stack: AsyncDisposableStack,
): Promise<ConnectedServer> {
  const remote = await remoteServer(settings);
  if (remote) return { ...remote, workersReady: Promise.resolve() };
  const { started, ...access } = await startServer(settings, options.logger, stack);
  const { workerSettings } = await import("../server/worker-settings.ts");
  const supervisor = stack.use(
    new WorkerSupervisor(
      {
        spawn: () => options.spawnChild("worker"),
        clock: systemClock,
        random: systemRandom,
        logger: options.logger,
      },
      { settings: await workerSettings(settings, started.connections, { version: PROGRAM_VERSION }) },
    ),
  );
  const workersReady = supervisor.start();
  workersReady.catch(() => {});
  return { ...access, workersReady };
}

/** The server that the settings name; `null` when they name none. */
async function remoteServer(settings: Settings): Promise<ServerAccess | null> {
  const { serverUrl, token, tokenSecret: secret, user, s3Bucket: bucket } = settings;
  if (serverUrl === undefined) return null;
  if (token !== undefined) return { url: serverUrl, token: async () => token };
  if (secret === undefined)
    throw new AppError(
      "config.invalid",
      "PLATEMARK_SERVER_URL needs PLATEMARK_TOKEN, or PLATEMARK_TOKEN_SECRET to make tokens with.",
      { details: { setting: "token" } },
    );
  // Only where it is needed: a server's parts take memory that a client of another one has no use for.
  const { mintToken } = await import("../server/edge/tokens/mint-token.ts");
  const { tokenAudience: audience, tokenIssuer: issuer } = settings;
  const mint = (when: { readonly ttlSeconds: number; readonly now: number }) =>
    mintToken({ secret, user, bucket, audience, ...(issuer !== undefined && { issuer }), ...when });
  return { url: serverUrl, token: renewingToken(mint, systemClock) };
}

async function startServer(
  settings: Settings,
  logger: Logger,
  stack: AsyncDisposableStack,
): Promise<ServerAccess & { readonly started: StartedServer }> {
  const { newLaunchToken } = await import("../server/edge/tokens/launch-token.ts");
  const { createServer } = await import("../server/create-server.ts");
  const launchToken = newLaunchToken();
  const server = stack.use(
    createServer(
      { settings, auth: { kind: "launch", token: launchToken }, version: PROGRAM_VERSION },
      { clock: systemClock, random: systemRandom, logger },
    ),
  );
  const started = await server.start();
  return { url: started.url, token: async () => launchToken, started };
}
