import { serverFlow } from "./server-flow.ts";
import { embeddedInstallation } from "./server-harness.ts";

serverFlow("embedded parts", embeddedInstallation);
