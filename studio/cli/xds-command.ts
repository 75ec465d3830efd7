import type { Command } from "commander";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { XdsStatus } from "../../server/xds/xds-status.ts";
import { type CommandContext, loggerOf } from "./command-context.ts";
import { parseAddress } from "./envoy-command.ts";
import { EXIT } from "./exit-codes.ts";
import { printable } from "./format.ts";
import { parsePort } from "./serve-command.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

const DEFAULT_PORT = 4420;
type Address = ReturnType<typeof parseAddress>;

/** `platemark xds serve | status` (docs/guides/envoy.md). */
export function addXdsCommand(program: Command, context: CommandContext): void {
  const xds = program.command("xds").description("the control plane of Envoys and gRPC clients");
  const serve = xds
    .command("serve")
    .description("serve a site's configuration, and each change of its file, over ADS")
    .argument("<file>", "the site's configuration")
    .option("--port <port>", "to listen on; 0: any free one", parsePort, DEFAULT_PORT)
    .option("--host <address>", "to listen on; whoever reaches it can read the configuration", "127.0.0.1")
    .addHelpText("after", "\nExample:\n  platemark xds serve edge.json\n");
  addSettingFlags(serve).action(async (file: string, flags: Record<string, unknown>) => {
    const { XdsControlPlane } = await import("../../server/xds/control-plane.ts");
    const { REGISTERED_SERVICES } = await import("../../server/rpc/registered-services.ts");
    const host = String(flags.host);
    await using plane = new XdsControlPlane(
      { file, services: REGISTERED_SERVICES, host, port: Number(flags.port) },
      { clock: systemClock, logger: await loggerOf(settingsOf(flags)) },
    );
    const port = await plane.start();
    context.output.line(`The control plane serves ${printable(file)} at ${host}:${port}. Ctrl-C ends it.`);
    if (!context.signal.aborted)
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
    context.end(EXIT.done);
  });

  xds
    .command("status")
    .description("say which Envoys and clients there are, what each has in force, and what it has refused")
    .option("--xds <host:port>", "the control plane", parseAddress, { host: "127.0.0.1", port: DEFAULT_PORT })
    .option("--json", "all of it as JSON")
    .addHelpText("after", "\nExample:\n  platemark xds status\n")
    .action(async (flags: { readonly xds: Address; readonly json?: true }) => {
      const status = await readStatus(flags.xds, context.signal);
      if (flags.json) context.output.line(JSON.stringify(status, null, 2));
      else for (const line of statusLines(status)) context.output.line(printable(line));
      const refused = status.nodes.some(({ types }) => Object.values(types).some(({ refusal }) => refusal));
      context.end(refused || status.configError !== "" ? EXIT.refusedConfig : EXIT.done);
    });
}

/** One line for the file where it is bad, one for each node, and one below for each type that it refuses. Pure. */
export function statusLines({ configError, nodes }: XdsStatus): readonly string[] {
  return [
    ...(configError === "" ? [] : [`The file is bad, the last good one is in force: ${configError}`]),
    ...(nodes.length === 0 ? ["No Envoy or client has come yet."] : []),
    ...nodes.flatMap(({ id, group, agent, connected, types }) => [
      `${id} (${group}, ${agent}) ${connected ? "connected" : "gone"}: ${Object.entries(types)
        .map(([type, { acceptedVersion }]) => `${type} ${acceptedVersion.slice(0, 8) || "–"}`)
        .join(", ")}`,
      ...Object.entries(types).flatMap(([type, { refusal }]) =>
        refusal ? [`  refuses ${type} ${refusal.version.slice(0, 8)}: ${refusal.message}`] : [],
      ),
    ]),
  ];
}

/** @throws AppError `unavailable`, `invalid_argument` */
async function readStatus({ host, port }: Address, signal: AbortSignal): Promise<XdsStatus> {
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const response = await fetch(`${url}/status`, { signal }).catch((cause: unknown) => {
    throw new AppError("unavailable", `No control plane answers at ${url}.`, { cause });
  });
  if (!response.ok) throw new AppError("invalid_argument", `What answers at ${url} is no control plane.`);
  return (await response.json()) as XdsStatus;
}
