import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultHome } from "./default-home.ts";
import { readSettings } from "./read-settings.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "platemark-settings-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const file = (text: string) => writeFileSync(join(home, "settings.json"), text);

describe("settings", () => {
  test("come from flags, else the environment, else the file, else defaults", () => {
    file(JSON.stringify({ user: "file", s3Bucket: "file-bucket", s3Region: "file-region" }));
    const settings = readSettings({
      flags: { user: "flag" },
      environment: {
        PLATEMARK_HOME: home,
        PLATEMARK_USER: "environment",
        PLATEMARK_S3_BUCKET: "environment-bucket",
      },
    });
    expect(settings).toMatchObject({
      home,
      user: "flag",
      s3Bucket: "environment-bucket",
      s3Region: "file-region",
      logLevel: "warn",
    });
  });

  test("take the endpoint of spans from OpenTelemetry's own variable, where there is no setting of ours", () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:4318";
    const environment = { PLATEMARK_HOME: home, OTEL_EXPORTER_OTLP_ENDPOINT };
    expect(readSettings({ flags: {}, environment }).otlpEndpoint).toBe(OTEL_EXPORTER_OTLP_ENDPOINT);
    const flags = { otlpEndpoint: "http://127.0.0.1:1" };
    expect(readSettings({ flags, environment }).otlpEndpoint).toBe(flags.otlpEndpoint);
  });

  test("lay parts of a mark over the file's", () => {
    file(JSON.stringify({ mark: { text: "© File", opacity: 0.3 } }));
    const { mark } = readSettings({ flags: { home, mark: { opacity: 0.9 } }, environment: {} });
    expect(mark).toMatchObject({ text: "© File", opacity: 0.9, position: "bottom_right" });
  });

  test("name the file and what is wrong with it", () => {
    const wrong = () => readSettings({ flags: { home }, environment: {} });
    file("{not json");
    expect(wrong).toThrow(/settings\.json is no valid JSON/);
    file("[]");
    expect(wrong).toThrow(/one JSON object/);
    file(JSON.stringify({ frobnicate: 1 }));
    expect(wrong).toThrow(/frobnicate/);
  });

  test("take keys of tokens from a file or from an https URL, and not from both", () => {
    const read = (environment: Record<string, string>) => readSettings({ flags: { home }, environment });
    expect(read({ PLATEMARK_TOKEN_KEYS_FILE: "keys.json" }).tokenKeysFile).toBe("keys.json");
    expect(read({ PLATEMARK_TOKEN_KEYS_URL: "https://id.example/keys" })).toMatchObject({
      tokenKeysUrl: "https://id.example/keys",
      tokenAudience: "platemark",
      tokenClockTolerance: 5,
      environment: "production",
    });
    expect(() => read({ PLATEMARK_TOKEN_KEYS_URL: "http://id.example/keys" })).toThrow(/tokenKeysUrl/);
    expect(() =>
      read({ PLATEMARK_TOKEN_KEYS_URL: "https://id.example/keys", PLATEMARK_TOKEN_KEYS_FILE: "keys.json" }),
    ).toThrow(/PLATEMARK_TOKEN_KEYS_FILE and PLATEMARK_TOKEN_KEYS_URL/);
    expect(() => read({ PLATEMARK_ENVIRONMENT: "prod" })).toThrow(/environment/);
  });

  test("have a home of each system", () => {
    expect(defaultHome({ LOCALAPPDATA: "/local" }, "win32")).toBe(join("/local", "Platemark"));
    expect(defaultHome({}, "darwin")).toMatch(/Library.Application Support.Platemark$/);
    expect(defaultHome({ XDG_DATA_HOME: "/data" }, "linux")).toBe("/data/platemark");
    expect(defaultHome({}, "linux")).toMatch(/\.local\/share\/platemark$/);
  });
});
