import { embeddedInstallation } from "./server-harness.ts";
import { swapFlow } from "./swap-flow.ts";

swapFlow("embedded parts", embeddedInstallation);
