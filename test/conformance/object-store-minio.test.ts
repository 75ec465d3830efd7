import { randomUUID } from "node:crypto";
import { Client } from "minio";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createS3ObjectStore } from "../../server/adapters/s3/object-store.ts";
import { describeReal, minioCredentials, real } from "../support/real-components.ts";
import { objectStoreConformance } from "./object-store.ts";

describeReal("with MinIO", ["minio"], () => {
  objectStoreConformance("MinIO", async () => {
    const endpoint = real("minio")!;
    const bucket = `t-${randomUUID()}`;
    const store = createS3ObjectStore(
      { endpoint, region: "us-east-1", bucket, ...minioCredentials },
      { clock: systemClock, logger: silentLogger },
    );
    return {
      store,
      async close() {
        await store.close();
        await removeBucket(endpoint, bucket);
      },
    };
  });
});

async function removeBucket(endpoint: string, bucket: string): Promise<void> {
  const url = new URL(endpoint);
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === "https:",
    ...minioCredentials,
  });
  const keys: string[] = [];
  for await (const item of client.listObjectsV2(bucket, "", true)) keys.push(item.name);
  await client.removeObjects(bucket, keys);
  await client.removeBucket(bucket);
}
