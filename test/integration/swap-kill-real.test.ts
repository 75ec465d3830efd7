import { describeReal } from "../support/real-components.ts";
import { realInstallation } from "./server-harness.ts";
import { swapKill } from "./swap-kill.ts";

describeReal("with real components", ["minio", "redis", "postgres"], () => {
  swapKill("MinIO, Redis and PostgreSQL", realInstallation);
});
