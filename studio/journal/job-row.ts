import type { JobView } from "#contracts/ipc.ts";
import type { Mark } from "#contracts/mark.ts";

/** One folder, imported to one server, once or many times. */
export interface JobRow {
  readonly id: string;
  readonly serverId: string;
  /** Absolute. */
  readonly root: string;
  readonly label: string;
  readonly state: JobView["state"];
  readonly mark: Mark;
  /** Counts the imports of this folder, from 1. */
  readonly run: number;
  readonly ignored: number;
  readonly bytesTotal: number;
  readonly bytesSent: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
}

export type JobChange = Partial<
  Pick<
    JobRow,
    "state" | "mark" | "run" | "ignored" | "bytesTotal" | "bytesSent" | "startedAtMs" | "finishedAtMs"
  >
>;
