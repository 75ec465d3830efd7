import { Client } from "minio";
import { minioCredentials } from "./real-components.ts";

/** Removes a test's bucket with everything in it; one that was never made is no error. */
export async function removeBucket(endpoint: string, bucket: string): Promise<void> {
  const url = new URL(endpoint);
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === "https:",
    ...minioCredentials,
  });
  if (!(await client.bucketExists(bucket))) return;
  const keys: string[] = [];
  for await (const item of client.listObjectsV2(bucket, "", true)) keys.push(item.name);
  if (keys.length > 0) await client.removeObjects(bucket, keys);
  await client.removeBucket(bucket);
}
