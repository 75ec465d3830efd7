import { AppError } from "#kernel/errors.ts";
import { answerJson } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import type { JsonRoute } from "./json-routes.ts";

/** Plain JSON routes at their paths: POST, for callers who are known. */
export function jsonEndpoints(routes: ReadonlyMap<string, JsonRoute>): Iterable<[string, Endpoint]> {
  return [...routes].map(([path, route]) => [
    path,
    { rpc: null, access: route.method, serve: serveJson(route) },
  ]);
}

function serveJson(route: JsonRoute): Endpoint["serve"] {
  return async ({ request, response, method, caller, logger, identity }) => {
    if (method !== "POST") {
      response.setHeader("allow", "POST");
      return answerJson(response, 405, { error: { code: "invalid_argument", message: "Use POST." } });
    }
    if (!caller) throw new AppError("unauthenticated", "No valid token.", { retry: "reauth" });
    const closed = new AbortController();
    response.once("close", () => closed.abort());
    const call = { body: request, caller, logger, signal: closed.signal, cause: identity };
    answerJson(response, 200, await route.answer(call));
  };
}
