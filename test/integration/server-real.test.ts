import { describeReal } from "../support/real-components.ts";
import { serverFlow } from "./server-flow.ts";
import { realInstallation } from "./server-harness.ts";

describeReal("with real components", ["minio", "redis", "postgres"], () => {
  serverFlow("MinIO, Redis and PostgreSQL", realInstallation);
});
