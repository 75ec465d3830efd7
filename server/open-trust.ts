import type { Settings } from "#contracts/settings.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import { createWatchedFile } from "./adapters/files/watched-file.ts";
import { createKeySetUrl } from "./adapters/http/key-set-url.ts";
import type { Connections } from "./connections.ts";
import { LiveOrigins } from "./edge/origins/live-origins.ts";
import type { Authenticator } from "./edge/tokens/authenticator.ts";
import { KeyFile } from "./edge/tokens/key-file.ts";
import { createLaunchAuthenticator } from "./edge/tokens/launch-token.ts";
import { RemoteKeys } from "./edge/tokens/remote-keys.ts";
import { keysByAlgorithm, secretKeys } from "./edge/tokens/secret-key.ts";
import { createTokenAuthenticator } from "./edge/tokens/token-authenticator.ts";
import type { VerificationKeys } from "./edge/tokens/verification-keys.ts";
import type { ServerAuth } from "./server-auth.ts";

export interface TrustDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The origins in force, watched. @throws AppError `config.invalid` for a bad list. */
export async function openOrigins(
  stack: AsyncDisposableStack,
  { audit }: Pick<Connections, "audit">,
  {
    settings,
    origins = [],
  }: { readonly settings: Settings; readonly origins?: readonly string[] | undefined },
  deps: TrustDeps,
): Promise<LiveOrigins> {
  const { originsFile: path, environment } = settings;
  const file = path === undefined ? null : stack.use(createWatchedFile(deps, { path }));
  const live = stack.use(new LiveOrigins({ ...deps, audit, file }, { environment, fixed: origins }));
  await live.start();
  return live;
}

/** Who checks tokens. @throws AppError `config.invalid` for a bad key file. */
export async function openAuthenticator(
  stack: AsyncDisposableStack,
  auth: ServerAuth,
  settings: Settings,
  deps: TrustDeps,
): Promise<Authenticator> {
  if (auth.kind === "launch")
    return createLaunchAuthenticator({ token: auth.token, user: settings.user, bucket: settings.s3Bucket });
  const secret = auth.secret === undefined ? null : secretKeys(auth.secret);
  const keys = keysByAlgorithm({ secret, published: await openPublishedKeys(stack, settings, deps) });
  return createTokenAuthenticator(
    { keys, clock: deps.clock },
    {
      audience: settings.tokenAudience,
      issuer: settings.tokenIssuer ?? null,
      toleranceSeconds: settings.tokenClockTolerance,
    },
  );
}

async function openPublishedKeys(
  stack: AsyncDisposableStack,
  { tokenKeysFile: path, tokenKeysUrl: url }: Settings,
  deps: TrustDeps,
): Promise<VerificationKeys | null> {
  if (url !== undefined) {
    const keys = new RemoteKeys({ ...deps, source: createKeySetUrl({ url }) });
    keys.start();
    return keys;
  }
  if (path === undefined) return null;
  const file = stack.use(createWatchedFile(deps, { path }));
  const keys = stack.use(new KeyFile({ ...deps, file }));
  await keys.start();
  return keys;
}
