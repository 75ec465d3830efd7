import {
  Code,
  type ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  createConnectRouter,
  type Interceptor,
} from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { AdminService } from "#gen/admin_pb.ts";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { TemplateService } from "#gen/templates_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Health } from "../services/health.ts";
import type { MediaService as Media } from "../services/media-service.ts";
import type { AuditLog } from "../services/ports/audit-log.ts";
import type { OriginControl } from "../services/ports/origin-control.ts";
import type { TemplateService as Templates } from "../services/template-service.ts";
import type { UploadService as Uploads } from "../services/upload-service.ts";
import { adminHandlers } from "./admin-handlers.ts";
import { loggerKey } from "./call-context.ts";
import { type CancellationObserver, cancellation, UNOBSERVED } from "./cancellation.ts";
import { toConnectError } from "./error-table.ts";
import { healthHandlers } from "./health-handlers.ts";
import { mediaHandlers } from "./media-handlers.ts";
import { reportOutcome } from "./report-outcome.ts";
import { templateHandlers } from "./template-handlers.ts";
import { uploadHandlers } from "./upload-handlers.ts";

export interface RouterDeps {
  readonly uploads: Uploads;
  readonly media: Media;
  readonly templates: Templates;
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

/** All services over gRPC, gRPC-Web and Connect. Who may call what is decided before, at the edge. */
export function createRouter(deps: RouterDeps, options: RouterOptions): ConnectRouter {
  const router = createConnectRouter(routerOptions(deps.logger, options));
  router.service(UploadService, uploadHandlers(deps.uploads));
  router.service(MediaService, mediaHandlers(deps.media));
  router.service(TemplateService, templateHandlers(deps.templates));
  router.service(HealthService, healthHandlers(deps.health));
  router.service(AdminService, adminHandlers(deps));
  return router;
}

/** How every service is called: limits, compression, errors and cancellation. */
export function routerOptions(logger: Logger, options: RouterOptions): ConnectRouterOptions {
  return {
    shutdownSignal: options.shutdown,
    readMaxBytes: MAX_MESSAGE_BYTES,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    acceptCompression: [compressionGzip],
    ...(options.local && { compressMinBytes: MAX_MESSAGE_BYTES }),
    interceptors: [
      reportOutcome,
      translateErrors(logger),
      cancellation(options.cancellations ?? UNOBSERVED, options.clock),
    ],
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
