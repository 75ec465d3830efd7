import { media } from "./0001-media.ts";
import { queue } from "./0002-queue.ts";
import { rateLimits } from "./0003-rate-limits.ts";
import { markTemplates } from "./0004-mark-templates.ts";
import { swaps } from "./0005-swaps.ts";
import { trust } from "./0006-trust.ts";
import type { Migration } from "./migration.ts";

/** In the order in which they are applied. */
export const migrations: readonly Migration[] = [media, queue, rateLimits, markTemplates, swaps, trust];
