import { describeReal } from "../support/real-components.ts";
import { realInstallation } from "./server-harness.ts";
import { swapFlow } from "./swap-flow.ts";

describeReal("with real components", ["minio", "redis", "postgres"], () => {
  swapFlow("MinIO, Redis and PostgreSQL", realInstallation);
});
