import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { printable } from "./format.ts";
import { parsePort } from "./serve-command.ts";

interface BootstrapFlags {
  readonly xds: { readonly host: string; readonly port: number };
  readonly nodeId: string;
  readonly adminPort: number;
  readonly delta?: true;
}

/** `platemark envoy bootstrap | config | check` (docs/guides/envoy.md). */
export function addEnvoyCommand(program: Command, context: CommandContext): void {
  const envoy = program.command("envoy").description("configuration for an Envoy in front of the servers");
  const withNode = (command: Command) =>
    command
      .option("--node-id <id>", "how this Envoy is known", "envoy")
      .option("--admin-port <port>", "of Envoy's own pages, on its computer alone; 0: none", parsePort, 9901);

  withNode(envoy.command("bootstrap"))
    .description("print what an Envoy is started with, to have all the rest from platemark xds serve")
    .option("--xds <host:port>", "the control plane", parseAddress, { host: "127.0.0.1", port: 4420 })
    .option("--delta", "let the control plane send changes alone")
    .addHelpText("after", "\nExample:\n  platemark envoy bootstrap --node-id edge-1 >envoy.json\n")
    .action(async ({ xds, nodeId, adminPort, delta }: BootstrapFlags) => {
      const { adsBootstrap, bootstrapJson } = await import("../../server/xds/envoy/bootstrap.ts");
      const variant = delta ? "delta" : "state_of_the_world";
      context.output.line(bootstrapJson(adsBootstrap({ nodeId, adminPort }, { ...xds, variant })));
      context.end(EXIT.done);
    });

  withNode(envoy.command("config"))
    .description("print everything in one configuration, for an Envoy without a control plane")
    .argument("<file>", "the site's configuration")
    .addHelpText("after", "\nExample:\n  platemark envoy config edge.json >envoy.json\n")
    .action(async (file: string, options: { readonly nodeId: string; readonly adminPort: number }) => {
      context.output.line(await wholeConfig(file, options, context.signal));
      context.end(EXIT.done);
    });

  envoy
    .command("check")
    .description("say whether a site's configuration is good, by Envoy's own judgement where there is one")
    .argument("<file>", "the site's configuration")
    .option("--envoy <program>", "Envoy's program; else the first on the path")
    .addHelpText("after", "\nExample:\n  platemark envoy check edge.json\n")
    .action(async (file: string, flags: { readonly envoy?: string }) => {
      const json = await wholeConfig(file, { nodeId: "check", adminPort: 0 }, context.signal);
      const { checkWithEnvoy, findEnvoy } = await import("../../server/xds/envoy/check-with-envoy.ts");
      const found = flags.envoy ?? (await findEnvoy(process.env.PATH ?? ""));
      if (found !== null) await checkWithEnvoy(found, json, context);
      const judge = found === null ? "no envoy on the path: by our own rules alone" : "Envoy says so, too";
      context.output.line(`${printable(file)} is good (${judge}).`);
      context.end(EXIT.done);
    });
}

/** @throws AppError `config.invalid` */
async function wholeConfig(
  file: string,
  options: { readonly nodeId: string; readonly adminPort: number },
  signal: AbortSignal,
): Promise<string> {
  const { readEdgeFiles } = await import("../../server/xds/envoy/edge-files.ts");
  const { bootstrapJson, staticBootstrap } = await import("../../server/xds/envoy/bootstrap.ts");
  const { edgeSnapshots } = await import("../../server/xds/envoy/edge-snapshots.ts");
  const { REGISTERED_SERVICES } = await import("../../server/rpc/registered-services.ts");
  const { config, keys } = await readEdgeFiles(file, { signal });
  // What would be refused over ADS is refused here, too.
  edgeSnapshots(REGISTERED_SERVICES, config, keys);
  return bootstrapJson(staticBootstrap(options, REGISTERED_SERVICES, config, keys));
}

/** @throws InvalidArgumentError for anything but `host:port`. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const parts = /^(\[[0-9a-f:.]+\]|[^\s:/@]+):([0-9]{1,5})$/i.exec(text);
  if (!parts) throw new InvalidArgumentError("An address is like 127.0.0.1:4420.");
  const port = parsePort(parts[2]!);
  if (port === 0) throw new InvalidArgumentError("The port must be above 0.");
  return { host: parts[1]!.replace(/^\[|\]$/g, ""), port };
}
