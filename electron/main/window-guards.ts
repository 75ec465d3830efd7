import type { App, Session, Shell, WebContents } from "electron";
import type { Logger } from "#kernel/logger.ts";
import { APP_ORIGIN } from "./app-protocol.ts";

/** Hosts that a link in the window may open in the user's own browser. */
const EXTERNAL_HOSTS: ReadonlySet<string> = new Set(["www.apache.org"]);

/** True for an https link without user info or port to a host that the window is meant to link to. Pure. */
export function mayOpenOutside(link: string): boolean {
  if (!URL.canParse(link)) return false;
  const url = new URL(link);
  return (
    url.protocol === "https:" &&
    url.username === "" &&
    url.password === "" &&
    url.port === "" &&
    EXTERNAL_HOSTS.has(url.hostname)
  );
}

/** True for a page of the window itself. Pure. */
export function isOwnPage(link: string): boolean {
  return link === APP_ORIGIN || link.startsWith(`${APP_ORIGIN}/`);
}

export interface GuardDeps {
  readonly app: App;
  readonly session: Session;
  readonly shell: Pick<Shell, "openExternal">;
  readonly logger: Logger;
}

/** No page of ours leads anywhere else, opens a window, embeds another page or gets a permission. */
export function guardWindows({ app, session, shell, logger }: GuardDeps): void {
  const guard = (contents: WebContents) => {
    const refuse = (event: { preventDefault(): void }, url: string) => {
      if (isOwnPage(url)) return;
      event.preventDefault();
      logger.warn("navigation.refused", { origin: originOf(url) });
    };
    contents.on("will-navigate", (event) => refuse(event, event.url));
    contents.on("will-redirect", (event) => refuse(event, event.url));
    contents.on("will-frame-navigate", (event) => refuse(event, event.url));
    contents.on("will-attach-webview", (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (mayOpenOutside(url)) void shell.openExternal(url);
      else logger.warn("window.refused", { origin: originOf(url) });
      return { action: "deny" };
    });
  };
  app.on("web-contents-created", (_event, contents) => guard(contents));
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}

/** Scheme and host: a refused link's path is nobody's business in a log. */
function originOf(link: string): string {
  if (!URL.canParse(link)) return "invalid";
  const { protocol, host } = new URL(link);
  return `${protocol}//${host}`;
}
