import { describeReal } from "../support/real-components.ts";
import { rollbackFlow } from "./rollback-flow.ts";
import { realInstallation } from "./server-harness.ts";

describeReal("with real components", ["minio", "redis", "postgres"], () => {
  rollbackFlow("MinIO, Redis and PostgreSQL", realInstallation);
});
