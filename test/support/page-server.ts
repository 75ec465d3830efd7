import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build, type Rollup } from "vite";

export interface PageServer extends AsyncDisposable {
  readonly origin: string;
}

/** An empty page that runs one script, bundled from source. Its policy lets it speak to this computer alone. */
export async function servePage(entry: string): Promise<PageServer> {
  const built = (await build({
    configFile: false,
    logLevel: "silent",
    define: { "process.env.NODE_ENV": '"production"' },
    build: { write: false, minify: false, lib: { entry, formats: ["es"], fileName: "page" } },
  })) as Rollup.RollupOutput[];
  const { code } = built[0]!.output[0];
  const server = createServer((request, response) => {
    response.setHeader(
      "content-security-policy",
      "default-src 'none'; script-src 'self'; connect-src ws://127.0.0.1:* http://127.0.0.1:*",
    );
    if (request.url === "/page.js") return response.setHeader("content-type", "text/javascript").end(code);
    return response
      .setHeader("content-type", "text/html")
      .end('<!doctype html><script type="module" src="/page.js"></script>');
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
