import { Code, type ConnectError, type Interceptor } from "@connectrpc/connect";
import { AdminService } from "#gen/admin_pb.ts";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { SyncService } from "#gen/sync_pb.ts";
import { TemplateService } from "#gen/templates_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Health } from "../services/health.ts";
import type { MediaService as Media } from "../services/media-service.ts";
import type { AuditLog } from "../services/ports/audit-log.ts";
import type { OriginControl } from "../services/ports/origin-control.ts";
import type { SyncService as Sync } from "../services/sync-service.ts";
import type { TemplateService as Templates } from "../services/template-service.ts";
import type { UploadService as Uploads } from "../services/upload-service.ts";
import { adminHandlers } from "./admin-handlers.ts";
import { loggerKey } from "./call-context.ts";
import { type CancellationObserver, cancellation, UNOBSERVED } from "./cancellation.ts";
import { toConnectError } from "./error-table.ts";
import { healthHandlers } from "./health-handlers.ts";
import { mediaHandlers } from "./media-handlers.ts";
import { reportOutcome } from "./report-outcome.ts";
import { RpcMethods, type RpcOptions } from "./rpc-methods.ts";
import { syncHandlers } from "./sync-handlers.ts";
import { templateHandlers } from "./template-handlers.ts";
import { uploadHandlers } from "./upload-handlers.ts";

export interface RouterDeps {
  readonly uploads: Uploads;
  readonly media: Media;
  readonly templates: Templates;
  readonly sync: Sync;
  readonly health: Health;
  readonly origins: OriginControl;
  readonly audit: AuditLog;
  readonly logger: Logger;
}

/** A thousand announcements, each with a long mark, stay below. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const MAX_TIMEOUT_MS = 3_600_000;

export interface RouterOptions {
  /** Ends every call, with its reason: a `Cancelled`. */
  readonly shutdown: AbortSignal;
  readonly clock: Clock;
  /** Answers are not worth packing: caller and server share a machine. @default false */
  readonly local?: boolean;
  /** @default nobody */
  readonly cancellations?: CancellationObserver;
}

/** All services. Who may call what is decided before, at the edge. */
export function createRouter(deps: RouterDeps, options: RouterOptions): RpcMethods {
  return new RpcMethods(rpcOptions(deps.logger, options))
    .service(UploadService, uploadHandlers(deps.uploads))
    .service(MediaService, mediaHandlers(deps.media))
    .service(TemplateService, templateHandlers(deps.templates))
    .service(SyncService, syncHandlers(deps.sync))
    .service(HealthService, healthHandlers(deps.health))
    .service(AdminService, adminHandlers(deps));
}

/** How every service is called: limits, compression, errors and cancellation. */
export function rpcOptions(logger: Logger, options: RouterOptions): RpcOptions {
  const { shutdown, clock, local = false, cancellations = UNOBSERVED } = options;
  return {
    shutdown,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    compress: !local,
    cancellations,
    interceptors: [reportOutcome, translateErrors(logger), cancellation(cancellations, clock)],
  };
}

function translateErrors(logger: Logger): Interceptor {
  return (next) => async (request) => {
    const log = request.contextValues.get(loggerKey) ?? logger;
    const translate = (error: unknown): ConnectError => {
      const failure = toConnectError(error);
      if (failure.code === Code.Internal)
        log.error("call.failed", { method: request.method.name, reason: AppError.from(error).message });
      return failure;
    };
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: translated(response.message, translate) } : response;
    } catch (error) {
      throw translate(error);
    }
  };
}

async function* translated<T>(messages: AsyncIterable<T>, translate: (error: unknown) => ConnectError) {
  try {
    yield* messages;
  } catch (error) {
    throw translate(error);
  }
}
