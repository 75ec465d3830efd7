import type { Logger } from "#kernel/logger.ts";
import { type LifecycleRule, parseLifecycle } from "./lifecycle.ts";
import { keyAfterPrefix } from "./listing.ts";
import { nextVersion, type StoreParts } from "./store-parts.ts";
import type { Bucket, StoredVersion } from "./stored-object.ts";
import { DAY_MS } from "./times.ts";

/** Changes committed together, so that requests get their turn in between. */
const BATCH = 500;

export interface HousekeepingOptions {
  /** Milliseconds after which an open upload is aborted. */
  readonly staleUploadMs: number;
}

/** What time does to a store: stale uploads and what lifecycle rules say has expired. */
export class Housekeeping {
  readonly #parts: StoreParts;
  readonly #logger: Logger;
  readonly #options: HousekeepingOptions;

  constructor(deps: { readonly parts: StoreParts; readonly logger: Logger }, options: HousekeepingOptions) {
    this.#parts = deps.parts;
    this.#logger = deps.logger;
    this.#options = options;
  }

  /** One round over all buckets. An abort leaves the rest to the next round. */
  async run(signal: AbortSignal): Promise<void> {
    for (const bucket of this.#parts.buckets.list()) {
      if (signal.aborted) return;
      const nowMs = this.#parts.clock.now();
      const rules = bucket.lifecycle === null ? [] : parseLifecycle(bucket.lifecycle);
      const aborted = await this.#abortUploads(bucket, rules, nowMs, signal);
      const expired = await this.#expire(
        bucket,
        rules.filter((rule) => rule.enabled),
        nowMs,
        signal,
      );
      if (aborted + expired > 0)
        this.#logger.info("store.expired", { bucket: bucket.name, objects: expired, uploads: aborted });
    }
  }

  async #abortUploads(
    bucket: Bucket,
    rules: readonly LifecycleRule[],
    nowMs: number,
    signal: AbortSignal,
  ): Promise<number> {
    const limits = [{ prefix: "", ageMs: this.#options.staleUploadMs }];
    for (const { enabled, prefix, abortUploadsAfterDays } of rules)
      if (enabled && abortUploadsAfterDays !== null)
        limits.push({ prefix, ageMs: abortUploadsAfterDays * DAY_MS });
    let aborted = 0;
    for (const { prefix, ageMs } of limits) {
      for (let more = true; more && !signal.aborted; ) {
        const stale = this.#parts.uploads.startedBefore(bucket, prefix, nowMs - ageMs, BATCH);
        more = stale.length === BATCH;
        if (stale.length === 0) break;
        await this.#parts.committer.commit([], (transaction) => {
          for (const upload of stale) this.#parts.uploads.remove(transaction, upload);
        });
        aborted += stale.length;
      }
    }
    return aborted;
  }

  async #expire(
    bucket: Bucket,
    rules: readonly LifecycleRule[],
    nowMs: number,
    signal: AbortSignal,
  ): Promise<number> {
    let expired = 0;
    for (const rule of rules) {
      let from: string | null = rule.prefix;
      while (from !== null && !signal.aborted) {
        const page: StoredVersion[] = this.#page(bucket, from, keyAfterPrefix(rule.prefix));
        const due = expiredOf(page, rule, nowMs);
        if (due.length > 0)
          await this.#parts.committer.commit([], (transaction) => {
            const current = this.#parts.buckets.get(bucket.name);
            for (const object of due) {
              const still = this.#parts.objects.version(current, object.key, object.version);
              if (still?.id !== object.id) continue;
              if (!object.latest || object.marker || current.versioning === "")
                this.#parts.objects.remove(transaction, current, still);
              else
                this.#parts.objects.putMarker(transaction, current, object.key, {
                  version: nextVersion(current, this.#parts.random),
                  nowMs,
                });
            }
          });
        expired += due.length;
        const last = page.at(-1);
        from = last === undefined ? null : `${last.key}\u0001`;
      }
    }
    return expired;
  }

  /** Versions of at least one whole key. */
  #page(bucket: Bucket, from: string, to: string | null): StoredVersion[] {
    const page: StoredVersion[] = [];
    for (const version of this.#parts.objects.scan(bucket, { from, to }, "all-versions")) {
      if (page.length >= BATCH && version.key !== page.at(-1)!.key) break;
      page.push(version);
    }
    return page;
  }
}

/** What a rule says has expired among versions of whole keys, newest first within a key. Pure. */
export function expiredOf(
  versions: readonly StoredVersion[],
  rule: LifecycleRule,
  nowMs: number,
): readonly StoredVersion[] {
  const due: StoredVersion[] = [];
  let newer: StoredVersion | null = null;
  let rank = 0;
  for (const [index, version] of versions.entries()) {
    const sameKey: boolean = newer?.key === version.key;
    rank = sameKey ? rank + 1 : 0;
    if (version.latest ? isCurrentDue(version, versions[index + 1], rule, nowMs) : false) due.push(version);
    else if (!version.latest && sameKey && isNoncurrentDue(newer!, rank, rule, nowMs)) due.push(version);
    newer = version;
  }
  return due;
}

function isCurrentDue(
  version: StoredVersion,
  next: StoredVersion | undefined,
  rule: LifecycleRule,
  nowMs: number,
): boolean {
  if (version.marker) return rule.removeLoneMarkers && next?.key !== version.key;
  if (version.size <= rule.minBytes || version.size >= rule.maxBytes) return false;
  const tagged = rule.tags.every(([key, value]) =>
    version.tags.some((tag) => tag[0] === key && tag[1] === value),
  );
  if (!tagged) return false;
  if (rule.expireAtMs !== null && nowMs >= rule.expireAtMs) return true;
  return rule.expireAfterDays !== null && nowMs >= version.modifiedMs + rule.expireAfterDays * DAY_MS;
}

/** `rank` counts from 1 for the newest noncurrent version; it became noncurrent when `newer` came. */
function isNoncurrentDue(newer: StoredVersion, rank: number, rule: LifecycleRule, nowMs: number): boolean {
  return (
    rule.noncurrentDays !== null &&
    rank > rule.keepNoncurrent &&
    nowMs >= newer.modifiedMs + rule.noncurrentDays * DAY_MS
  );
}
