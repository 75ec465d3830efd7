import { randomUUID } from "node:crypto";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createS3ObjectStore } from "../../server/adapters/s3/object-store.ts";
import { removeBucket } from "../support/minio-bucket.ts";
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
