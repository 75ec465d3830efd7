import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { originEntry, patternEntry } from "../../server/edge/origins/origin-entry.ts";
import { type OriginMatcher, stringMatchers } from "../../server/edge/origins/string-matchers.ts";
import { describeReal, real } from "../support/real-components.ts";

const TYPE = "type.googleapis.com/envoy.extensions.filters";

/** The least configuration that holds the list. */
function configuration(matchers: readonly OriginMatcher[]) {
  const cors = {
    "@type": `${TYPE}.http.cors.v3.CorsPolicy`,
    allow_origin_string_match: matchers.map((matcher) =>
      "exact" in matcher ? { exact: matcher.exact } : { safe_regex: { regex: matcher.safeRegex } },
    ),
  };
  const manager = {
    "@type": `${TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "s",
    route_config: {
      virtual_hosts: [
        {
          name: "v",
          domains: ["*"],
          routes: [],
          typed_per_filter_config: { "envoy.filters.http.cors": cors },
        },
      ],
    },
    http_filters: [
      { name: "envoy.filters.http.cors", typed_config: { "@type": `${TYPE}.http.cors.v3.Cors` } },
      { name: "envoy.filters.http.router", typed_config: { "@type": `${TYPE}.http.router.v3.Router` } },
    ],
  };
  const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }];
  const address = { socket_address: { address: "127.0.0.1", port_value: 0 } };
  return { static_resources: { listeners: [{ name: "l", address, filter_chains: [{ filters }] }] } };
}

describeReal("the list of origins, with Envoy", ["envoy"], () => {
  test("is configuration that it takes, wildcards of long hosts and usual patterns among it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "platemark-origins-envoy-"));
    const path = join(folder, "envoy.json");
    const matchers = stringMatchers([
      originEntry("https://shop.example"),
      originEntry("null"),
      originEntry("https://*.a-rather-long-name-of-a-studio.with.several.labels.example:8443"),
      originEntry("http://*.localhost"),
      patternEntry("https://(www|eu|us)\\.shop\\.example"),
      patternEntry("https://pr-[0-9]+--[a-z0-9-]+\\.preview\\.studio\\.example"),
      patternEntry("https://[^.]+\\.shop\\.example(:[0-9]+)?"),
    ]);
    await writeFile(path, JSON.stringify(configuration(matchers)));
    const { stdout } = await promisify(execFile)(real("envoy")!, ["--mode", "validate", "-c", path]);
    expect(stdout).toContain("OK");
    await rm(folder, { recursive: true });
  });
});
