/** Chromium asks for the custom protocol's pages under an https origin, because only real Electron can add a scheme. */
const PAGE_ORIGIN = "https://app.platemark-standin.test";
const APP_ORIGIN = "platemark://app";

export const toPageUrl = (url: string) => swap(url, APP_ORIGIN, PAGE_ORIGIN);
export const toAppUrl = (url: string) => swap(url, PAGE_ORIGIN, APP_ORIGIN);
export const isAppPage = (url: string) => url === PAGE_ORIGIN || url.startsWith(`${PAGE_ORIGIN}/`);

function swap(url: string, from: string, to: string): string {
  return url === from || url.startsWith(`${from}/`) ? to + url.slice(from.length) : url;
}
