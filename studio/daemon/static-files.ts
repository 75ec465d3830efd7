import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { AppError } from "#kernel/errors.ts";
import { WINDOW_CONTENT_TYPES } from "../window-content-types.ts";
import { ownPolicyOf } from "../worker-policy.ts";

/** The window's built files. Answers only what was found at the start, so no path can lead out of the folder. */
export interface StaticFiles {
  /** True when it has answered. */
  serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** @throws AppError `config.invalid` when the window has not been built. */
export async function openStaticFiles(folder: string): Promise<StaticFiles> {
  const files = new Map<string, { path: string; size: number; type: string }>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = WINDOW_CONTENT_TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    files.set(`/${relative(folder, path).split(sep).join("/")}`, { path, size, type });
  }
  const index = files.get("/index.html");
  if (index === undefined)
    throw new AppError(
      "config.invalid",
      "The window has not been built yet. Run `npm run build`, then start again.",
    );
  files.set("/", index);
  return {
    async serve(path, request, response) {
      const file = files.get(path);
      if (file === undefined) return false;
      const policy = ownPolicyOf(path);
      if (policy !== null) response.setHeader("content-security-policy", policy);
      response.writeHead(200, {
        "content-type": file.type,
        "content-length": file.size,
        // Built names carry a hash of their content; the page itself does not.
        "cache-control": path.startsWith("/assets/") ? "private, max-age=31536000, immutable" : "no-cache",
      });
      if (request.method === "HEAD") response.end();
      else await pipeline(createReadStream(file.path), response);
      return true;
    },
  };
}
