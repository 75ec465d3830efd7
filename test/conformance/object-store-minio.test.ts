import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createS3ObjectStore } from "../../server/adapters/s3/object-store.ts";
import { minioClient, removeBucket } from "../support/minio-bucket.ts";
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

  test("keeps what others have laid down for the bucket", async () => {
    const endpoint = real("minio")!;
    const bucket = `t-${randomUUID()}`;
    const client = minioClient(endpoint);
    await client.makeBucket(bucket);
    const theirs = {
      Sid: "Theirs",
      Effect: "Allow",
      Principal: { AWS: ["*"] },
      Action: ["s3:GetObject"],
      Resource: [`arn:aws:s3:::${bucket}/press/*`],
    };
    await client.setBucketPolicy(bucket, JSON.stringify({ Version: "2012-10-17", Statement: [theirs] }));
    await client.setBucketLifecycle(bucket, {
      Rule: [{ ID: "theirs", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 3 } }],
    });
    const store = createS3ObjectStore(
      { endpoint, region: "us-east-1", bucket, ...minioCredentials },
      { clock: systemClock, logger: silentLogger },
    );
    const steps = await store.ensureReady();
    expect(steps.filter(({ outcome }) => outcome === "made").map(({ step }) => step)).toEqual([
      "policy",
      "conditions",
      "lifecycle",
    ]);
    const policy = JSON.parse(await client.getBucketPolicy(bucket));
    expect(policy.Statement.map(({ Resource }: { Resource: string[] }) => Resource[0]).toSorted()).toEqual([
      `arn:aws:s3:::${bucket}/press/*`,
      `arn:aws:s3:::${bucket}/watermarked/*`,
    ]);
    const rules = JSON.stringify(await client.getBucketLifecycle(bucket));
    expect(rules).toContain("theirs");
    expect(rules).toContain("platemark-noncurrent");
    await store.close();
    await removeBucket(endpoint, bucket);
  });
});
