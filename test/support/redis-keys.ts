import { createClient } from "redis";

/** Removes the keys whose names begin so. */
export async function removeRedisKeys(url: string, prefix: string): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  const pattern = `${prefix.replace(/[\\*?[\]]/g, "\\$&")}*`;
  for await (const keys of client.scanIterator({ MATCH: pattern, COUNT: 1_000 }))
    if (keys.length > 0) await client.unlink(keys);
  await client.close();
}
