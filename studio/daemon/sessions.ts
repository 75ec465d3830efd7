import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** One-time links and the sessions they open. All of it in memory: a restart ends every session. */
export interface Sessions {
  /** A new secret for a link; it opens one session and is then worth nothing. */
  newLinkSecret(): string;
  /** The `Set-Cookie` value of a fresh session, or `null` when the secret is unknown or was used. */
  exchange(secret: string): string | null;
  holds(request: IncomingMessage): boolean;
}

const MAX_OPEN_LINKS = 16;
const MAX_SESSIONS = 64;

/** `port` is part of the cookie's name, because cookies know no ports and two daemons may run side by side. */
export function createSessions(port: number): Sessions {
  const cookieName = `platemark-${port}`;
  const links: Buffer[] = [];
  const sessions: Buffer[] = [];
  const indexOf = (known: readonly Buffer[], secret: string) => {
    const digest = digestOf(secret);
    return known.findIndex((other) => timingSafeEqual(other, digest));
  };
  const remember = (known: Buffer[], limit: number) => {
    const secret = randomBytes(32).toString("base64url");
    known.push(digestOf(secret));
    if (known.length > limit) known.shift();
    return secret;
  };
  return {
    newLinkSecret: () => remember(links, MAX_OPEN_LINKS),
    exchange(secret) {
      const at = indexOf(links, secret);
      if (at < 0) return null;
      links.splice(at, 1);
      return `${cookieName}=${remember(sessions, MAX_SESSIONS)}; HttpOnly; SameSite=Strict; Path=/`;
    },
    holds(request) {
      const value = cookieOf(request.headers.cookie, cookieName);
      return value !== null && indexOf(sessions, value) >= 0;
    },
  };
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function cookieOf(header: string | undefined, name: string): string | null {
  for (const pair of header?.split(";") ?? []) {
    const [key, value] = pair.split("=", 2);
    if (key?.trim() === name && value !== undefined) return value.trim();
  }
  return null;
}
