import type { IncomingMessage } from "node:http";

/**
 * Who may talk to the local daemon at all. A page of another site can make a browser send requests to 127.0.0.1, and a
 * name of its own can be pointed there (DNS rebinding), so the name asked for and the page that asks are both checked.
 */
export interface RequestGuard {
  /** The reason for refusing, for the log; `null` when the request may go on. */
  refuse(request: IncomingMessage): string | null;
}

export function createRequestGuard(port: number): RequestGuard {
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  const origins = new Set([...hosts].map((host) => `http://${host}`));
  return {
    refuse(request) {
      const { host, origin } = request.headers;
      if (host === undefined || !hosts.has(host.toLowerCase())) return "host";
      if (origin !== undefined && origin !== `http://${host.toLowerCase()}` && !origins.has(origin))
        return "origin";
      const reads = request.method === "GET" || request.method === "HEAD";
      // Every browser sends Origin with what changes something; a program without one has no cookie to misuse either.
      if (!reads && origin === undefined) return "origin missing";
      const site = request.headers["sec-fetch-site"];
      const navigates = request.headers["sec-fetch-mode"] === "navigate";
      // Cookies know no ports: another local server's page is "same-site" and would bring ours along.
      if (site !== undefined && site !== "same-origin" && site !== "none" && !(navigates && reads))
        return "site";
      return null;
    },
  };
}
