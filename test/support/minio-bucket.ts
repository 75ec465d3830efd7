import { Client } from "minio";
import { minioCredentials } from "./real-components.ts";

/** A client of the MinIO under test with all rights. */
export function minioClient(endpoint: string): Client {
  const url = new URL(endpoint);
  const useSSL = url.protocol === "https:";
  return new Client({ endPoint: url.hostname, port: Number(url.port), useSSL, ...minioCredentials });
}

/** Removes a test's bucket with everything in it; one that was never made is no error. */
export async function removeBucket(endpoint: string, bucket: string): Promise<void> {
  const client = minioClient(endpoint);
  if (!(await client.bucketExists(bucket))) return;
  const keys: string[] = [];
  for await (const item of client.listObjectsV2(bucket, "", true)) keys.push(item.name);
  if (keys.length > 0) await client.removeObjects(bucket, keys);
  await client.removeBucket(bucket);
}
