import type { Settings } from "#contracts/settings.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { createWatchedFile } from "./adapters/files/watched-file.ts";
import { LiveCertificate } from "./edge/listener/live-certificate.ts";

/** What the port shows, watched; `null`: it speaks plain HTTP. @throws AppError `config.invalid` for half a pair. */
export function openCertificate(
  stack: AsyncDisposableStack,
  { tlsCert, tlsKey }: Settings,
  deps: { readonly clock: Clock; readonly logger: Logger },
): LiveCertificate | null {
  if (tlsCert === undefined && tlsKey === undefined) return null;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new AppError("config.invalid", "TLS needs both PLATEMARK_TLS_CERT and PLATEMARK_TLS_KEY.", {
      details: { setting: tlsCert === undefined ? "tlsCert" : "tlsKey" },
    });
  const cert = stack.use(createWatchedFile(deps, { path: tlsCert }));
  const key = stack.use(createWatchedFile(deps, { path: tlsKey }));
  return stack.use(new LiveCertificate({ cert, key, logger: deps.logger }));
}
