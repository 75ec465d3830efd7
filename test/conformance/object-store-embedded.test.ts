import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createS3ObjectStore } from "../../server/adapters/s3/object-store.ts";
import { createObjectStoreServer } from "../../server/store/index.ts";
import { objectStoreConformance } from "./object-store.ts";

objectStoreConformance("the embedded store", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "platemark-store-"));
  const keys = { accessKey: "access-of-this-test", secretKey: "secret-of-this-test-alone" };
  const deps = { clock: systemClock, logger: silentLogger };
  const server = createObjectStoreServer({ dataDir, credentials: [keys], random: systemRandom, ...deps });
  const { url: endpoint } = await server.start();
  const store = createS3ObjectStore({ endpoint, region: "us-east-1", bucket: "pictures", ...keys }, deps);
  return {
    store,
    async close() {
      await store.close();
      await server[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
});
