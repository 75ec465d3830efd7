import { createClient } from "redis";

/** Removes the keys whose names begin so. */
export async function removeRedisKeys(url: string, prefix: string): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  for await (const keys of client.scanIterator({ MATCH: patternOf(prefix), COUNT: 1_000 }))
    if (keys.length > 0) await client.unlink(keys);
  await client.close();
}

/** How many keys there are whose names begin so. */
export async function countRedisKeys(url: string, prefix: string): Promise<number> {
  const client = createClient({ url });
  await client.connect();
  let count = 0;
  for await (const keys of client.scanIterator({ MATCH: patternOf(prefix), COUNT: 1_000 }))
    count += keys.length;
  await client.close();
  return count;
}

function patternOf(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]]/g, "\\$&")}*`;
}
