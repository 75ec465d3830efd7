import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

export interface ModuleServer extends AsyncDisposable {
  readonly origin: string;
}

/** The project's `shared/` as modules for a page: types taken out, `#` aliases spelt out; `/` is an empty page. The
 *  policy is as strict as the product's, but for WebAssembly. */
export async function serveModules(): Promise<ModuleServer> {
  const server = createServer((request, response) => {
    response.setHeader(
      "content-security-policy",
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
    );
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    if (path === "/") return response.setHeader("content-type", "text/html").end("<!doctype html>");
    if (!/^\/(shared|test\/fixtures)\/.*\.ts$/.test(path)) return response.writeHead(404).end();
    response.setHeader("content-type", "text/javascript");
    return readFile(join(process.cwd(), path), "utf8").then(
      (source) =>
        response.end(stripTypeScriptTypes(source).replace(/(from "|import\(")#([a-z]+)\//g, "$1/shared/$2/")),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
