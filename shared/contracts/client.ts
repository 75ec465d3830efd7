import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { ErrorInfoSchema } from "#gen/errors_pb.ts";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { SyncService } from "#gen/sync_pb.ts";
import { TemplateService } from "#gen/templates_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import { AppError, type ErrorCode, isErrorCode, type Retry } from "#kernel/errors.ts";
import { createFetchTransport, type FetchTransportOptions } from "./fetch-transport.ts";

/** The services of a control plane, typed. Every call takes `{signal, timeoutMs}`; failures are `ConnectError`s,
 *  see `fromConnectError`. */
export interface ControlPlaneClient {
  readonly uploads: Client<typeof UploadService>;
  readonly media: Client<typeof MediaService>;
  readonly templates: Client<typeof TemplateService>;
  /** Both sides stream: over HTTP/2 or a websocket, not over `fetch`. */
  readonly sync: Client<typeof SyncService>;
  readonly health: Client<typeof HealthService>;
}

/** A client that speaks the Connect protocol over `fetch`, in Node or in a page. `token` is asked for each call and may
 *  renew what is about to expire. */
export function createControlPlaneClient(
  options: Omit<FetchTransportOptions, "interceptors"> & { readonly token: () => Promise<string> },
): ControlPlaneClient {
  return clientOver(createFetchTransport({ ...options, interceptors: [bearer(options.token)] }));
}

/** A client over a transport of the caller's (gRPC or gRPC-Web of connect-node), made with `bearer(token)` among its
 *  interceptors. */
export function clientOver(transport: Transport): ControlPlaneClient {
  return {
    uploads: createClient(UploadService, transport),
    media: createClient(MediaService, transport),
    templates: createClient(TemplateService, transport),
    sync: createClient(SyncService, transport),
    health: createClient(HealthService, transport),
  };
}

/** Sends a bearer token with every call. */
export function bearer(token: () => Promise<string>): Interceptor {
  return (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await token()}`);
    return next(request);
  };
}

const FALLBACK: Readonly<Record<Code, readonly [ErrorCode, Retry]>> = {
  [Code.Canceled]: ["aborted", "never"],
  [Code.Unknown]: ["internal", "never"],
  [Code.InvalidArgument]: ["invalid_argument", "never"],
  [Code.DeadlineExceeded]: ["deadline_exceeded", "backoff"],
  [Code.NotFound]: ["not_found", "never"],
  [Code.AlreadyExists]: ["already_exists", "never"],
  [Code.PermissionDenied]: ["permission_denied", "never"],
  [Code.ResourceExhausted]: ["resource_exhausted", "backoff"],
  [Code.FailedPrecondition]: ["conflict", "never"],
  [Code.Aborted]: ["conflict", "backoff"],
  [Code.OutOfRange]: ["invalid_argument", "never"],
  [Code.Unimplemented]: ["internal", "never"],
  [Code.Internal]: ["internal", "never"],
  [Code.Unavailable]: ["unavailable", "backoff"],
  [Code.DataLoss]: ["internal", "never"],
  [Code.Unauthenticated]: ["unauthenticated", "reauth"],
};

/** What a failed call means: the product's own code where the server sent one, else what the status says. */
export function fromConnectError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const failure = ConnectError.from(error);
  if (failure.code === Code.Unknown && isNetworkFailure(failure.cause))
    return new AppError("unavailable", "The server does not answer.", { retry: "backoff", cause: error });
  const info = failure.findDetails(ErrorInfoSchema)[0];
  const [fallbackCode, fallbackRetry] = FALLBACK[failure.code];
  const known = info !== undefined && isErrorCode(info.code);
  return new AppError(known ? (info.code as ErrorCode) : fallbackCode, failure.rawMessage, {
    retry: known ? retryOf(info.retry) : fallbackRetry,
    cause: error,
  });
}

/** What `fetch` throws when no answer came, or when it broke off. */
function isNetworkFailure(cause: unknown): boolean {
  return cause instanceof TypeError;
}

function retryOf(text: string): Retry {
  return text === "backoff" || text === "reauth" ? text : "never";
}
