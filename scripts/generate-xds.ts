/**
 * Generates server/xds/gen, the part of Envoy's API that the control plane speaks, from the proto files that the
 * package @grpc/grpc-js-xds carries. `--output DIR` writes below another folder, which `npm run check` compares.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CARRIED = "node_modules/@grpc/grpc-js-xds/deps";
const MODULES = [
  "envoy-api/envoy",
  "xds/udpa",
  "xds/xds",
  "protoc-gen-validate/validate",
  "googleapis/google/rpc",
];
/** Below `envoy/`, without `.proto`: what is compiled, with what it imports. */
const SOURCES = [
  "service/discovery/v3/ads",
  "config/cluster/v3/cluster",
  "config/endpoint/v3/endpoint",
  "config/listener/v3/listener",
  "config/route/v3/route",
  "config/bootstrap/v3/bootstrap",
  "extensions/filters/network/http_connection_manager/v3/http_connection_manager",
  "extensions/filters/http/cors/v3/cors",
  "extensions/filters/http/grpc_web/v3/grpc_web",
  "extensions/filters/http/header_mutation/v3/header_mutation",
  "extensions/filters/http/jwt_authn/v3/config",
  "extensions/filters/http/local_ratelimit/v3/local_rate_limit",
  "extensions/filters/http/router/v3/router",
  "extensions/upstreams/http/v3/http_protocol_options",
  "extensions/request_id/uuid/v3/uuid",
  "extensions/transport_sockets/tls/v3/tls",
  "extensions/resource_monitors/downstream_connections/v3/downstream_connections",
  "extensions/retry/host/previous_hosts/v3/previous_hosts",
];
const RULES = "validate/validate.proto";

function buf(...args: string[]): void {
  const { status } = spawnSync(join("node_modules", ".bin", "buf"), args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`buf ${args[0]} failed`);
}

const folder = mkdtempSync(join(tmpdir(), "platemark-xds-proto-"));
try {
  for (const module of MODULES)
    cpSync(join(CARRIED, module), join(folder, module.slice(module.indexOf("/") + 1)), { recursive: true });
  // The package's rules for strings are older than the API that uses them: a field is missing, which nothing generated
  // here contains.
  const rules = readFileSync(join(folder, RULES), "utf8");
  const patched = rules.replace(/^message StringRules \{$/m, "$&\n    optional bool ignore_empty = 26;");
  if (!rules.includes("ignore_empty = 26")) writeFileSync(join(folder, RULES), patched);
  writeFileSync(join(folder, "buf.yaml"), "version: v2\n");

  // Through an image without comments: they would be three quarters of the code.
  const image = join(folder, "image.binpb");
  buf(
    "build",
    folder,
    "--exclude-source-info",
    "-o",
    image,
    ...SOURCES.flatMap((name) => ["--path", join(folder, "envoy", `${name}.proto`)]),
  );
  buf("generate", image, "--template", "server/xds/buf.gen.yaml", ...process.argv.slice(2));
} finally {
  rmSync(folder, { recursive: true });
}
