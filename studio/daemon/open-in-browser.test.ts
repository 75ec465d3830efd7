import { expect, test } from "vitest";
import { browserCommand, hasDisplay } from "./open-in-browser.ts";

test("a display is what the system names as one", () => {
  expect(hasDisplay({ platform: "linux", env: {} })).toBe(false);
  expect(hasDisplay({ platform: "linux", env: { DISPLAY: "" } })).toBe(false);
  expect(hasDisplay({ platform: "linux", env: { WAYLAND_DISPLAY: "wayland-0" } })).toBe(true);
  expect(hasDisplay({ platform: "darwin", env: {} })).toBe(true);
});

test("a link reaches the browser as one argument, through no shell", () => {
  const link = "http://127.0.0.1:1/open/a&b";
  for (const platform of ["linux", "darwin", "win32"] as const) {
    const [program, ...parameters] = browserCommand(link, platform);
    expect(parameters.at(-1)).toBe(link);
    expect(program).not.toMatch(/cmd|sh$/);
  }
});
