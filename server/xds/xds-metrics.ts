import { Gauge, Registry } from "prom-client";
import { RESOURCE_TYPES } from "./resource-type.ts";
import type { XdsStatus } from "./xds-status.ts";

/** The status as Prometheus reads it, made anew each time: nothing is counted twice, and gone nodes leave no series. */
export async function xdsMetrics({
  configError,
  nodes,
}: XdsStatus): Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name: `platemark_xds_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const connected = gauge("nodes", "Nodes that are connected.", ["group"]);
  const refusing = gauge("nodes_refusing", "Nodes that refuse what they were sent last.", ["type"]);
  const bad = gauge("config_bad", "1: the file is bad, and the last good one in force.", []);
  for (const group of ["envoy", "grpc"])
    connected.set({ group }, nodes.filter((node) => node.connected && node.group === group).length);
  for (const type of RESOURCE_TYPES)
    refusing.set({ type }, nodes.filter((node) => node.connected && node.types[type]?.refusal).length);
  bad.set(configError === "" ? 0 : 1);
  return { contentType: registry.contentType, text: await registry.metrics() };
}
