import type { NodeReport } from "./node-registry.ts";

/** What `platemark xds status` shows. */
export interface XdsStatus {
  /** What is wrong with the newest configuration; empty: it is in force. */
  readonly configError: string;
  readonly snapshots: Readonly<Record<string, string>>;
  readonly nodes: readonly NodeReport[];
}
