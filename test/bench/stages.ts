import { systemClock } from "#kernel/clock.ts";
import { openDatabase } from "../../server/adapters/sql/database.ts";
import type { ConnectionSettings } from "../../server/connection-settings.ts";
import { quantile } from "./report.ts";

export interface Stage {
  readonly stage: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** From one event to the next: what a picture waited and worked for, by the server's own clock. */
const STAGES = [
  ["sent and verified", "uploading", "uploaded"],
  ["waiting for a worker", "uploaded", "marking"],
  ["marked and stored", "marking", "marked"],
  ["announced to marked", "uploading", "marked"],
] as const;

/** Reads the append-only events of an import that has ended. */
export async function stagesOf(settings: ConnectionSettings["database"]): Promise<readonly Stage[]> {
  const database = await openDatabase(settings, { clock: systemClock });
  try {
    const events = await database.read((db) =>
      db.selectFrom("media_events").select(["media_id", "at_ms", "snapshot"]).orderBy("sequence").execute(),
    );
    const pictures = new Map<string, Record<string, number>>();
    for (const { media_id, at_ms, snapshot } of events) {
      const state: string = JSON.parse(snapshot).state;
      const times = pictures.get(media_id) ?? {};
      times[state] ??= Number(at_ms);
      pictures.set(media_id, times);
    }
    return STAGES.map(([stage, from, to]) => {
      const spans = [...pictures.values()]
        .filter((times) => times[from] !== undefined && times[to] !== undefined)
        .map((times) => times[to]! - times[from]!);
      return { stage, p50Ms: quantile(spans, 0.5), p95Ms: quantile(spans, 0.95) };
    });
  } finally {
    await database.close();
  }
}
