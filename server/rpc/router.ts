import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { AdminService } from "#gen/admin_pb.ts";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { TemplateService } from "#gen/templates_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
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
import { toConnectError } from "./error-table.ts";
import { healthHandlers } from "./health-handlers.ts";
import { mediaHandlers } from "./media-handlers.ts";
import { RpcMethods } from "./rpc-methods.ts";
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

/** All services. Who may call what is decided before, at the edge. */
export function createRouter(
  deps: RouterDeps,
  options: {
    readonly shutdown: AbortSignal;
    /** Answers are not worth packing: caller and server share a machine. @default false */
    readonly local?: boolean;
  },
): RpcMethods {
  return new RpcMethods({
    shutdown: options.shutdown,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    compress: !options.local,
    interceptors: [translateErrors(deps.logger)],
  })
    .service(UploadService, uploadHandlers(deps.uploads))
    .service(MediaService, mediaHandlers(deps.media))
    .service(TemplateService, templateHandlers(deps.templates))
    .service(HealthService, healthHandlers(deps.health))
    .service(AdminService, adminHandlers(deps));
}

/** Why streams end when the server stops; clients come back. */
export function serverStops(): ConnectError {
  return new ConnectError("The server is being stopped.", Code.Unavailable);
}

function translateErrors(logger: Logger): Interceptor {
  return (next) => async (request) => {
    const log = request.contextValues.get(loggerKey) ?? logger;
    const translate = (error: unknown): ConnectError => {
      if (request.signal.aborted && request.signal.reason instanceof ConnectError)
        return request.signal.reason;
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
