import { rollbackFlow } from "./rollback-flow.ts";
import { embeddedInstallation } from "./server-harness.ts";

rollbackFlow("embedded parts", embeddedInstallation);
