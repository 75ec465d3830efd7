import { AppError } from "#kernel/errors.ts";
import { COMPRESS_MIN_BYTES, COMPRESSIONS } from "../../rpc/compression.ts";
import { chooseEncoding } from "../answers/accept-encoding.ts";
import { answerBytes, answerJson } from "../answers/answers.ts";
import { addVary } from "../answers/vary.ts";
import type { Endpoint } from "../endpoint.ts";
import { type Exchange, header } from "../exchange.ts";
import type { NodeServerRequest } from "../listener/node-http.ts";
import { readBody } from "../request-body.ts";
import type { JsonBody } from "./json-body.ts";
import type { JsonRoute } from "./json-routes.ts";

/** Plain JSON routes at their paths: POST, for callers who are known. `compress`: answers are worth packing. */
export function jsonEndpoints(
  routes: ReadonlyMap<string, JsonRoute>,
  options: { readonly compress: boolean },
): Iterable<[string, Endpoint]> {
  return [...routes].map(([path, route]) => [
    path,
    { rpc: null, access: route.method, serve: serveJson(route, options.compress) },
  ]);
}

function serveJson(route: JsonRoute, compress: boolean): Endpoint["serve"] {
  return async (exchange) => {
    const { request, response, method, caller, logger, identity } = exchange;
    if (method !== "POST") {
      response.setHeader("allow", "POST");
      return answerJson(response, 405, { error: { code: "invalid_argument", message: "Use POST." } });
    }
    if (!caller) throw new AppError("unauthenticated", "No valid token.", { retry: "reauth" });
    const closed = new AbortController();
    response.once("close", () => closed.abort());
    const call = { body: bodyOf(request), caller, logger, signal: closed.signal, cause: identity };
    const value = await route.answer(call);
    if (compress) await answerPacked(exchange, value);
    else answerJson(response, 200, value);
  };
}

function bodyOf(request: NodeServerRequest): JsonBody {
  return {
    async read(limit) {
      const encoding = header(request, "content-encoding") ?? "identity";
      const packing = COMPRESSIONS.get(encoding);
      if (encoding !== "identity" && !packing)
        throw new AppError("invalid_argument", "The request's content encoding is not known here.");
      const bytes = await readBody(request, limit, tooLarge);
      return packing ? packing.decompress(bytes, limit) : bytes;
    },
  };
}

function tooLarge(limit: number): AppError {
  return new AppError("resource_exhausted", `The request has more than ${limit} bytes.`, {
    details: { limit },
  });
}

async function answerPacked({ request, response }: Exchange, value: unknown): Promise<void> {
  addVary(response, "accept-encoding");
  const body = Buffer.from(JSON.stringify(value));
  const packing = COMPRESSIONS.get(chooseEncoding(header(request, "accept-encoding"), ["br", "gzip"]) ?? "");
  if (!packing || body.length < COMPRESS_MIN_BYTES) return answerJson(response, 200, value);
  const packed = await packing.compress(body);
  response.setHeader("content-encoding", packing.name);
  answerBytes(response, 200, packed);
}
